/** How many robots run at once (D10). */
export interface Slots {
  /** Waits for a place, first come first served among those that could run; the result gives it back, once. */
  take(program: string): Promise<() => void>
  /** Places taken now, for the status. */
  inUse(): number
  /** Who runs and who waits, by program. */
  usage(): readonly Usage[]
  /** Other limits from now on; who runs goes on, who waits is looked at again. */
  limit(limits: SlotLimits): void
}

/** Places altogether, and for one program (`[robot] max`, `[robot] per_program`). */
export interface SlotLimits {
  readonly max: number
  readonly perProgram: number
}

export interface Usage {
  readonly program: string
  readonly running: number
  readonly waiting: number
}

interface Waiting {
  readonly program: string
  readonly begin: (release: () => void) => void
}

export function createSlots(first: SlotLimits): Slots {
  let limits = first
  const taken = new Map<string, number>()
  const line: Waiting[] = []
  let all = 0

  const isFree = (program: string): boolean => all < limits.max && (taken.get(program) ?? 0) < limits.perProgram

  const occupy = (program: string): (() => void) => {
    all++
    taken.set(program, (taken.get(program) ?? 0) + 1)
    let held = true
    return () => {
      if (!held) return
      held = false
      all--
      const left = (taken.get(program) ?? 1) - 1
      if (left === 0) taken.delete(program)
      else taken.set(program, left)
      admit()
    }
  }

  // A program at its own limit must not hold up the others behind it.
  const admit = (): void => {
    for (let at = 0; at < line.length && all < limits.max;) {
      const next = line[at]
      if (next === undefined || !isFree(next.program)) {
        at++
        continue
      }
      line.splice(at, 1)
      next.begin(occupy(next.program))
    }
  }

  return {
    take(program) {
      if (isFree(program)) return Promise.resolve(occupy(program))
      return new Promise((begin) => line.push({ program, begin }))
    },
    inUse: () => all,
    usage: () => {
      const waiting = new Map<string, number>()
      for (const { program } of line) waiting.set(program, (waiting.get(program) ?? 0) + 1)
      return [...new Set([...taken.keys(), ...waiting.keys()])].map((program) => ({
        program,
        running: taken.get(program) ?? 0,
        waiting: waiting.get(program) ?? 0,
      }))
    },
    limit(next) {
      limits = next
      admit()
    },
  }
}
