/** One piece of a destination list; `offset` counts characters from the start of the list. */
export interface ListItem {
  readonly text: string
  readonly offset: number
}

/**
 * Cuts a comma list of destinations. Double quotes group a destination that has commas or blanks (R6); inside such
 * a group the inner quotes of a robot's arguments stay as they are (C9), so the group ends at the first quote
 * that stands before a comma or the end and leaves the inner ones in pairs.
 */
export function splitDestinations(list: string): ListItem[] {
  const groupEnd = groupEnds(list)
  const items: ListItem[] = []
  let at = 0
  while (at < list.length) {
    while (at < list.length && /[\s,]/.test(list.charAt(at))) at++
    if (at >= list.length) break
    const start = at
    const end = groupEnd(at)
    if (end !== undefined) {
      items.push({ text: list.slice(start + 1, end).trim(), offset: start + 1 })
      at = end + 1
    } else {
      at = plainEnd(list, at)
      items.push({ text: list.slice(start, at).trim(), offset: start })
    }
  }
  return items
}

/**
 * Where the group that a quote opens ends; undefined for a place that opens none. All quotes are looked at once, from
 * the right, so that a list of any shape costs no more than its length.
 */
function groupEnds(list: string): (open: number) => number | undefined {
  const ends = new Map<number, number>()
  // The nearest quote on the right that can close a group, for both parities of the number of quotes between.
  let nearest: readonly [number | undefined, number | undefined] = [undefined, undefined]
  for (let at = list.lastIndexOf('"'); at >= 0; at = at === 0 ? -1 : list.lastIndexOf('"', at - 1)) {
    const [even, odd] = nearest
    if (even !== undefined) ends.set(at, even)
    nearest = [closesGroup(list, at) ? at : odd, even]
  }
  return (open) => ends.get(open)
}

function closesGroup(list: string, quote: number): boolean {
  let next = quote + 1
  while (next < list.length && (list.charAt(next) === ' ' || list.charAt(next) === '\t')) next++
  return next >= list.length || list.charAt(next) === ','
}

function plainEnd(list: string, start: number): number {
  let quoted = false
  for (let at = start; at < list.length; at++) {
    const char = list.charAt(at)
    if (char === '"') quoted = !quoted
    else if (char === ',' && !quoted) return at
  }
  return list.length
}

/** Argument vector of a robot command: blanks separate, double quotes group (C9). */
export function splitCommand(command: string): string[] {
  const argv: string[] = []
  for (const [, quoted, plain] of command.matchAll(/"([^"]*)"|(\S+)/g)) argv.push(quoted ?? plain ?? '')
  return argv
}
