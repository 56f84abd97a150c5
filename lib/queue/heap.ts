/** Things in order of time; those of one time in the order in which they came. */
export interface Heap<T> {
  readonly size: number
  add(item: T): void
  /** Takes away and returns what comes first, as far as it is due. */
  takeUntil(timeMs: number): T[]
}

interface Place<T> {
  readonly timeMs: number
  readonly order: number
  readonly item: T
}

/** A binary heap: to add or take one costs the logarithm of how many there are. */
export function createHeap<T>(timeOf: (item: T) => number): Heap<T> {
  const places: Place<T>[] = []
  let order = 0

  function isBefore(a: Place<T>, b: Place<T>): boolean {
    return a.timeMs < b.timeMs || (a.timeMs === b.timeMs && a.order < b.order)
  }

  function rise(place: Place<T>): void {
    let at = places.length
    for (;;) {
      const up = (at - 1) >> 1
      const above = at === 0 ? undefined : places[up]
      if (above === undefined || !isBefore(place, above)) break
      places[at] = above
      at = up
    }
    places[at] = place
  }

  function sink(place: Place<T>): void {
    let at = 0
    for (;;) {
      const [left, right] = [places[2 * at + 1], places[2 * at + 2]]
      const rightFirst = left !== undefined && right !== undefined && isBefore(right, left)
      const below = rightFirst ? right : left
      if (below === undefined || !isBefore(below, place)) break
      places[at] = below
      at = 2 * at + (rightFirst ? 2 : 1)
    }
    places[at] = place
  }

  return {
    get size() {
      return places.length
    },
    add(item) {
      rise({ timeMs: timeOf(item), order: order++, item })
    },
    takeUntil(timeMs) {
      const taken: T[] = []
      for (let first = places[0]; first !== undefined && first.timeMs <= timeMs; first = places[0]) {
        taken.push(first.item)
        const last = places.pop()
        if (last !== undefined && last !== first) sink(last)
      }
      return taken
    },
  }
}
