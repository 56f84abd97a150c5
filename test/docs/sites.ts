import { blocksOf, sectionsOf, type Block, type Page } from './pages.js'

/** A command of a page that shows its output. */
export interface Example {
  readonly page: string
  readonly args: readonly string[]
  readonly output: string
}

/** A Haraka directory made of a page's blocks, and the examples that run in it. */
export interface Site {
  /** `docs/rcpt.md`, or `docs/recipes.md: Catch-all` for a section with files of its own. */
  readonly name: string
  readonly files: ReadonlyMap<string, string>
  readonly examples: readonly Example[]
}

/**
 * The sites of the pages. A page whose blocks make a `config/dmail.conf` (`file=config/dmail.conf` behind the fence) has a site of
 * its own; a further section of it with `file=` or `append=` blocks has one of that and these. The examples of all other pages run in
 * the site of `usual`.
 */
export function sitesOf(pages: readonly Page[], usual: string): Site[] {
  const sites = new Map<string, { files: ReadonlyMap<string, string>; examples: Example[] }>()
  const base = (page: Page): ReadonlyMap<string, string> | undefined => {
    const section = sectionsOf(page).find(({ text }) => /^```\w+ file=config\/dmail\.conf$/m.test(text))
    return section === undefined ? undefined : withFiles(new Map(), blocksOf(section))
  }
  for (const page of [...pages].sort((a, b) => Number(b.name === usual) - Number(a.name === usual))) {
    const own = base(page)
    if (own !== undefined) sites.set(page.name, { files: own, examples: [] })
    for (const section of sectionsOf(page)) {
      const blocks = blocksOf(section)
      const files = own === undefined ? undefined : withFiles(own, blocks)
      const isOwn = files !== undefined && own !== undefined && !sameFiles(files, own)
      const name = isOwn ? `${page.name}: ${section.heading}` : own === undefined ? usual : page.name
      const site = sites.get(name) ?? { files: files ?? new Map<string, string>(), examples: [] }
      sites.set(name, site)
      site.examples.push(
        ...blocks.filter(({ language }) => language === 'console').flatMap((block) => examplesIn(page.name, block)),
      )
    }
  }
  return [...sites].map(([name, site]) => ({ name, ...site }))
}

/** `file=NAME` is the file, `append=NAME` what is added to it. */
function withFiles(files: ReadonlyMap<string, string>, blocks: readonly Block[]): ReadonlyMap<string, string> {
  const made = new Map(files)
  for (const { info, content } of blocks) {
    const [, how, name] = /^(file|append)=(\S+)$/.exec(info) ?? []
    if (name !== undefined) made.set(name, how === 'append' ? `${made.get(name) ?? ''}${content}` : content)
  }
  return made
}

function sameFiles(one: ReadonlyMap<string, string>, other: ReadonlyMap<string, string>): boolean {
  return one.size === other.size && [...one].every(([name, content]) => other.get(name) === content)
}

/** The commands of a console block that show their output; `...` stands for output left out, which is not held to anything. */
function examplesIn(page: string, { content }: Block): Example[] {
  return content
    .split(/^\$ /m)
    .slice(1)
    .flatMap((part) => {
      const [command = '', ...lines] = part.split('\n')
      const output = lines.join('\n')
      const args = /^npx dmail (.+)$/.exec(command)?.[1]?.split(' ')
      return args === undefined || output === '' || /^ *\.\.\.$/m.test(output) ? [] : [{ page, args, output }]
    })
}
