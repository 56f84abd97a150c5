/** Numbers from 0 up to 1 that a seed determines (mulberry32), so that a failed run can be had again. */
export type Random = () => number

export function seeded(seed: number): Random {
  let state = seed | 0
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

/** A whole number from `least` to `most`. */
export function whole(random: Random, least: number, most: number): number {
  return least + Math.floor(random() * (most - least + 1))
}

/** One of the items. */
export function oneOf<T>(random: Random, items: readonly [T, ...T[]]): T {
  return items[whole(random, 0, items.length - 1)] ?? items[0]
}

/** The seed of this run: DMAIL_TEST_SEED, or the time. */
export function seedOfRun(): number {
  const given = process.env['DMAIL_TEST_SEED']
  return given === undefined || given === '' ? Date.now() % 1_000_000 : Number(given)
}
