import { createHash } from 'node:crypto'

/** Says what migrate wrote last: a file that is still like that may be written again. `sha256sum -c` reads it. */
export const RECORD = 'config/dmail.migrated'

const HEAD = '# What "dmail migrate" wrote: a file that has been changed since is left alone.\n'

export function parseRecord(text: string): Map<string, string> {
  return new Map(
    Array.from(text.matchAll(/^([0-9a-f]{64}) {2}(.+)$/gm), ([, sum = '', name = '']) => [`config/${name}`, sum]),
  )
}

/** Names are from config/, where the record lies. */
export function formatRecord(sums: ReadonlyMap<string, string>): string {
  const lines = [...sums]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, sum]) => `${sum}  ${name.slice('config/'.length)}\n`)
  return HEAD + lines.join('')
}

export function sumOf(content: Buffer): string {
  return createHash('sha256').update(content).digest('hex')
}

/** What is to be done about a file that is taken over as a whole. */
export type Ownership = 'write' | 'same' | 'kept' | 'conflict'

export interface Ownable {
  readonly before: Buffer | undefined
  readonly after: Buffer
  /** The sum of what migrate wrote last. */
  readonly recorded: string | undefined
  /** What `dmail init` makes: nobody's own yet. */
  readonly sample: string | undefined
  /** The operator asked for it. */
  readonly replace: boolean
}

/** `kept`: the operator changed it and DMail's has not changed; `conflict`: both have, or it is not known. */
export function ownership({ before, after, recorded, sample, replace }: Ownable): Ownership {
  if (before === undefined) return 'write'
  if (before.equals(after)) return 'same'
  if (replace || sumOf(before) === recorded || before.toString() === sample) return 'write'
  return sumOf(after) === recorded ? 'kept' : 'conflict'
}
