export interface InOrder {
  /** Answers come in the order of the commands, whichever is ready first. */
  add(line: string): void
  /** Resolves when every answer has been given. */
  idle(): Promise<void>
  /** Commands not yet answered. */
  waiting(): number
}

export interface InOrderOptions<T> {
  /** Never rejects. */
  readonly answer: (line: string) => Promise<T>
  readonly emit: (answer: T) => void
  /** True for a command that waits for all before it, and that all after it wait for. */
  readonly alone: (line: string) => boolean
  /** How many are under way at once. */
  readonly width: number
}

/** Works on several commands at once where that cannot be told from one after the other. */
export function inOrder<T>({ answer, emit, alone, width }: InOrderOptions<T>): InOrder {
  const places: (() => void)[] = []
  let free = width
  let last: Promise<void> = Promise.resolve()
  let barrier: Promise<void> = last
  let waiting = 0

  async function run(line: string, begin: Promise<void>): Promise<T> {
    await begin
    if (free > 0) free--
    else await new Promise<void>((resolve) => places.push(resolve))
    try {
      return await answer(line)
    } finally {
      const next = places.shift()
      if (next === undefined) free++
      else next()
    }
  }

  return {
    add(line) {
      waiting++
      const before = last
      const single = alone(line)
      const answered = run(line, single ? before : barrier)
      last = (async () => {
        await before
        emit(await answered)
        waiting--
      })()
      if (single) barrier = last
    },
    idle: () => last,
    waiting: () => waiting,
  }
}
