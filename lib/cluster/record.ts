import { compareTexts, type Texts } from './store.js'
import { isNodeName } from './names.js'

/*
 * A record that every node has, and changes while it reaches nobody: of two changes of one key the later counts, and of two at
 * the same millisecond always the same one. What was removed stays as a change without a value, so that a node which was away does
 * not bring it back.
 */

/** The last change of one key. */
export interface Change {
  /** Milliseconds since 1970. */
  readonly atMs: number
  /** The node that made it; '' where that is not known. */
  readonly by: string
  /** Undefined: removed. */
  readonly value: string | undefined
}

/** So many digits have milliseconds until the year 5138; text of one length is ordered as the numbers are. */
const DIGITS = 14
const LATEST_MS = 10 ** DIGITS - 1
const NOBODY = '-'

/** As texts that are ordered by time, then by node: the greater one counts. */
export function changeText({ atMs, by, value }: Change): string {
  const at = Math.min(Math.max(0, Math.round(atMs)), LATEST_MS)
  return `${String(at).padStart(DIGITS, '0')} ${by === '' ? NOBODY : by} ${value === undefined ? '-' : `=${value}`}`
}

/** Undefined for what changeText did not write. */
export function readChange(text: string): Change | undefined {
  const [, at, by, kind, value = ''] = /^(\d{14}) (\S+) (?:(-)|=([^]*))$/.exec(text) ?? []
  if (at === undefined || by === undefined || (by !== NOBODY && !isNodeName(by))) return undefined
  return { atMs: Number(at), by: by === NOBODY ? '' : by, value: kind === '-' ? undefined : value }
}

/** Of each key the one that counts. */
export function mergeTexts(one: Texts, other: Texts): Texts {
  return new Map([...one, ...newerIn(other, one)])
}

/** What is in `these` and counts more than what is in `those`. */
export function newerIn(these: Texts, those: Texts): Texts {
  return new Map(
    [...these].filter(([key, text]) => {
      const other = those.get(key)
      return other === undefined || compareTexts(text, other) > 0
    }),
  )
}

/** The time of a change that has to count more than an earlier one, whatever the clocks say. */
export function timeAfter(before: Pick<Change, 'atMs'> | undefined, nowMs: number): number {
  return Math.max(nowMs, (before?.atMs ?? 0) + 1)
}
