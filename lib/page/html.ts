import { visible } from '../text/values.js'

/** Text that is HTML already. `html` makes it; the style and the script of the pages are the only others. */
export class Html {
  constructor(readonly text: string) {}
}

export type Part = Html | string | number | undefined | false | readonly Part[]

/**
 * The one way in which text becomes part of a page: `html\`<p>${reason}</p>\``. What is put in is escaped, for elements and for
 * attributes in quotes, and control characters are made visible; HTML stays, undefined and false are nothing, lists are joined.
 */
export function html(strings: TemplateStringsArray, ...parts: readonly Part[]): Html {
  return new Html(strings.reduce((text, string, at) => `${text}${inHtml(parts[at - 1])}${string}`))
}

function inHtml(part: Part): string {
  if (part instanceof Html) return part.text
  if (part === undefined || part === false) return ''
  if (typeof part === 'object') return part.map(inHtml).join('')
  return escapeHtml(String(part))
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
}

/** Text of strangers as HTML shows it. */
export function escapeHtml(text: string): string {
  return text
    .split(/(\r?\n|\t)/)
    .map((piece) => (/^(?:\r?\n|\t)$/.test(piece) ? piece.replace('\r', '') : visible(piece)))
    .join('')
    .replace(/[&<>"']/g, (character) => ENTITIES[character] ?? '')
}

/** The beginning of a text that may be long. */
export function cut(text: string, length: number): string {
  return text.length <= length ? text : `${text.slice(0, length - 1)}…`
}
