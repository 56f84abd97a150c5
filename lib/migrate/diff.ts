const CONTEXT = 3

interface Line {
  readonly kind: ' ' | '-' | '+'
  readonly text: string
}

/** The differences of two texts in unified form; '' where they are equal. An undefined `before` is a new file. */
export function unifiedDiff(name: string, before: string | undefined, after: string): string {
  if (before === after) return ''
  const lines = compare(linesOf(before ?? ''), linesOf(after))
  const head = `--- ${before === undefined ? '/dev/null' : `a/${name}`}\n+++ b/${name}\n`
  return head + hunks(lines).join('')
}

/** The lines; one without an end is told apart, as diff does it. */
function linesOf(text: string): string[] {
  if (text === '') return []
  const lines = text.split('\n')
  const last = lines.pop()
  return last === '' || last === undefined ? lines : [...lines, `${last}\n\\ No newline at end of file`]
}

/** Myers' greedy algorithm, after what both texts have in common at their ends. */
function compare(before: readonly string[], after: readonly string[]): Line[] {
  let start = 0
  while (start < before.length && start < after.length && before[start] === after[start]) start++
  let end = 0
  while (
    end < before.length - start &&
    end < after.length - start &&
    before[before.length - 1 - end] === after[after.length - 1 - end]
  ) {
    end++
  }
  const same = (text: string): Line => ({ kind: ' ', text })
  return [
    ...before.slice(0, start).map(same),
    ...middle(before.slice(start, before.length - end), after.slice(start, after.length - end)),
    ...before.slice(before.length - end).map(same),
  ]
}

/** Changes beyond this many are shown as one: the search for the shortest way would take too long. */
const MAX_CHANGES = 2000

function middle(before: readonly string[], after: readonly string[]): Line[] {
  const furthest = new Map<number, number>([[1, 0]])
  const history: Map<number, number>[] = []
  const most = Math.min(before.length + after.length, MAX_CHANGES)
  for (let changes = 0; changes <= most; changes++) {
    history.push(new Map(furthest))
    for (let k = -changes; k <= changes; k += 2) {
      const down = k === -changes || (k !== changes && (furthest.get(k - 1) ?? -1) < (furthest.get(k + 1) ?? -1))
      let x = down ? (furthest.get(k + 1) ?? 0) : (furthest.get(k - 1) ?? 0) + 1
      while (x < before.length && x - k < after.length && before[x] === after[x - k]) x++
      furthest.set(k, x)
      if (x >= before.length && x - k >= after.length) return backtrack(before, after, history)
    }
  }
  return [...before.map((text): Line => ({ kind: '-', text })), ...after.map((text): Line => ({ kind: '+', text }))]
}

function backtrack(
  before: readonly string[],
  after: readonly string[],
  history: readonly ReadonlyMap<number, number>[],
): Line[] {
  const lines: Line[] = []
  let x = before.length
  let y = after.length
  for (let changes = history.length - 1; changes >= 0; changes--) {
    const furthest = history[changes] ?? new Map<number, number>()
    const k = x - y
    const down = k === -changes || (k !== changes && (furthest.get(k - 1) ?? -1) < (furthest.get(k + 1) ?? -1))
    const from = down ? k + 1 : k - 1
    const fromX = changes === 0 ? 0 : (furthest.get(from) ?? 0)
    const fromY = changes === 0 ? 0 : fromX - from
    while (x > fromX && y > fromY) {
      lines.push({ kind: ' ', text: before[x - 1] ?? '' })
      x--
      y--
    }
    if (changes === 0) break
    lines.push(down ? { kind: '+', text: after[y - 1] ?? '' } : { kind: '-', text: before[x - 1] ?? '' })
    if (down) y--
    else x--
  }
  return lines.reverse()
}

function hunks(lines: readonly Line[]): string[] {
  const found: string[] = []
  let oldLine = 1
  let newLine = 1
  let at = 0
  const step = ({ kind }: Line): void => {
    if (kind !== '+') oldLine++
    if (kind !== '-') newLine++
  }
  while (at < lines.length) {
    const next = lines.findIndex(({ kind }, index) => index >= at && kind !== ' ')
    if (next < 0) break
    const start = Math.max(at, next - CONTEXT)
    for (; at < start; at++) step(lines[at] ?? { kind: ' ', text: '' })
    const end = hunkEnd(lines, next)
    const hunk = lines.slice(start, end)
    const [oldStart, newStart] = [oldLine, newLine]
    hunk.forEach(step)
    at = end
    found.push(
      `@@ -${range(oldStart, oldLine - oldStart)} +${range(newStart, newLine - newStart)} @@\n` +
        hunk.map(({ kind, text }) => `${kind}${text}\n`).join(''),
    )
  }
  return found
}

/** Index behind the hunk that the change at `first` belongs to: changes so close that their surroundings meet are one. */
function hunkEnd(lines: readonly Line[], first: number): number {
  let last = first
  for (let at = first; at < lines.length && at - last <= 2 * CONTEXT; at++) if (lines[at]?.kind !== ' ') last = at
  return Math.min(lines.length, last + 1 + CONTEXT)
}

function range(start: number, count: number): string {
  if (count === 1) return String(start)
  // Of nothing, the line before it.
  return `${count === 0 ? start - 1 : start},${count}`
}
