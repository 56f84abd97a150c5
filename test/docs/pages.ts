import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { packageRoot } from '../support/install.js'

/** A page of the documentation. */
export interface Page {
  /** Path from the root of the package. */
  readonly name: string
  readonly text: string
}

/** Every page that an operator is given. */
export function allPages(): Page[] {
  const root = packageRoot()
  const inDocs = readdirSync(path.join(root, 'docs')).filter((name) => name.endsWith('.md'))
  const names = ['README.md', 'CHANGELOG.md', 'config/sample/README.md', ...inDocs.map((name) => `docs/${name}`)]
  return names.map((name) => ({ name, text: readFileSync(path.join(root, name), 'utf8') }))
}

/** A fenced block: the first word behind the fence, the rest of that line, and what is in it. */
export interface Block {
  readonly language: string
  readonly info: string
  readonly content: string
}

export function blocksOf({ text }: Page): Block[] {
  return Array.from(
    text.matchAll(/^```(\w*) ?(.*)\n([\s\S]*?)^```$/gm),
    ([, language = '', info = '', content = '']) => ({
      language,
      info,
      content,
    }),
  )
}

export interface Section extends Page {
  /** The words of its heading; '' for what stands before the first. */
  readonly heading: string
}

/** What stands below each `##` heading of a page, and before the first. */
export function sectionsOf({ name, text }: Page): Section[] {
  const sections: { heading: string; lines: string[] }[] = [{ heading: '', lines: [] }]
  let fenced = false
  for (const line of text.split('\n')) {
    if (line.startsWith('```')) fenced = !fenced
    const heading = fenced ? undefined : /^## (.+)$/.exec(line)?.[1]
    if (heading !== undefined) sections.push({ heading, lines: [] })
    sections.at(-1)?.lines.push(line)
  }
  return sections.map(({ heading, lines }) => ({ name, heading, text: `${lines.join('\n')}\n` }))
}

/** Text of a page outside of fenced and indented blocks and code spans. */
export function proseOf({ text }: Page): string {
  return text
    .replace(/^```[\s\S]*?^```$/gm, '')
    .replace(/^ {4}.*$/gm, '')
    .replace(/`[^`\n]*`/g, '')
}

/** The anchors of a page's headings, as GitHub makes them. */
export function anchorsOf({ text }: Page): string[] {
  const plain = text.replace(/^```[\s\S]*?^```$/gm, '')
  return Array.from(plain.matchAll(/^#+ (.+)$/gm), ([, heading = '']) =>
    heading
      .toLowerCase()
      .replace(/[^\p{L}\p{N} _-]/gu, '')
      .replaceAll(' ', '-'),
  )
}
