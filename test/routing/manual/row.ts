import type { Row } from '../support.js'

/** A row with the sentence of the manual that it holds the suite to. */
export interface ManualRow {
  readonly place: string
  readonly quote: string
  readonly row: Row
}

export const ALIASES = 'alias_file_domain domain1.com {dir}/config/aliases.txt'

/** An alias file of that text, in the place that ALIASES names. */
export function aliases(text: string): Record<string, string> {
  return { 'config/aliases.txt': text }
}
