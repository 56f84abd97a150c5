import { errorText } from '../error.js'
import type { Maybe } from '../maybe.js'
import { Unavailable } from '../routing/run.js'

/** An answer and, where it is only what was known before, why. */
export interface Answer<T> {
  readonly value: T
  readonly old?: string
}

/** Remembers answers for a short time, and for a long one where no others are to be had. */
export interface Memory<T> {
  /** Answers at once from memory. Questions under way for the same key are one. Rejects with Unavailable where nothing is known. */
  ask(key: string, load: () => Promise<T>): Maybe<Answer<T>>
  /** From now on everything is asked for again; what is known stays for a time without answers. */
  expire(): void
  readonly size: number
}

export interface MemoryOptions {
  readonly freshMs: number
  /** How long after it was asked for an answer may be used without a fresh one. */
  readonly keepMs: number
  /** Answers kept, the least recently used leaves first. */
  readonly max: number
  /** Milliseconds of a clock that never goes back. */
  readonly now: () => number
}

interface Known<T> {
  readonly answer: Answer<T>
  readonly atMs: number
  readonly generation: number
}

/** Where `load` rejects with Unavailable itself, what was there is known to be bad: the answer before it is not used. */
export function createMemory<T>({ freshMs, keepMs, max, now }: MemoryOptions): Memory<T> {
  const known = new Map<string, Known<T>>()
  const pending = new Map<string, Promise<Answer<T>>>()
  let generation = 0

  function keep(key: string, one: Known<T>): void {
    known.delete(key)
    known.set(key, one)
    if (known.size <= max) return
    for (const oldest of known.keys()) {
      known.delete(oldest)
      return
    }
  }

  async function fresh(key: string, load: () => Promise<T>): Promise<Answer<T>> {
    const asked = { atMs: now(), generation }
    try {
      const answer = { value: await load() }
      keep(key, { answer, ...asked })
      return answer
    } catch (error) {
      if (error instanceof Unavailable) {
        known.delete(key)
        throw error
      }
      const before = known.get(key)
      if (before === undefined || now() - before.atMs >= keepMs) throw new Unavailable(errorText(error))
      keep(key, before)
      return { value: before.answer.value, old: errorText(error) }
    }
  }

  return {
    ask(key, load) {
      const before = known.get(key)
      if (before?.generation === generation && now() - before.atMs < freshMs) {
        keep(key, before)
        return before.answer
      }
      const underWay = pending.get(key)
      if (underWay !== undefined) return underWay
      const asked = fresh(key, load).finally(() => {
        if (pending.get(key) === asked) pending.delete(key)
      })
      pending.set(key, asked)
      return asked
    },
    expire() {
      generation++
      // What is under way may be the old answer.
      pending.clear()
    },
    get size() {
      return known.size
    },
  }
}
