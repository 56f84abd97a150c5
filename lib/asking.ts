/** A question or its answer, on the way between threads or processes. Plain data. */
export interface Numbered<Content> {
  readonly id: number
  readonly content: Content
}

/** The way to the one who answers. `ref` and `unref`: whether it keeps the process alive. */
interface Way<Question> {
  send(question: Numbered<Question>): void
  ref(): void
  unref(): void
}

/** The side that asks. */
export interface Asking<Question, Answer> {
  /** Any number may be under way. Rejects when the other side died before it answered. */
  readonly ask: (question: Question) => Promise<Answer>
  /** False once the other side has died: it answers no more. */
  readonly isAlive: () => boolean
  readonly answered: (answer: Numbered<Answer>) => void
  /** The other side has died. */
  readonly died: (error: Error) => void
}

/** Matches answers to questions. The way keeps the process alive only while somebody waits for an answer. */
export function createAsking<Question, Answer>(way: Way<Question>): Asking<Question, Answer> {
  const waiting = new Map<number, { resolve: (answer: Answer) => void; reject: (error: Error) => void }>()
  let next = 0
  let dead: Error | undefined
  return {
    ask(content) {
      if (dead !== undefined) return Promise.reject(dead)
      if (waiting.size === 0) way.ref()
      return new Promise((resolve, reject) => {
        const id = next++
        waiting.set(id, { resolve, reject })
        way.send({ id, content })
      })
    },
    isAlive: () => dead === undefined,
    answered({ id, content }) {
      const asked = waiting.get(id)
      waiting.delete(id)
      if (waiting.size === 0) way.unref()
      asked?.resolve(content)
    },
    died(error) {
      dead ??= error
      for (const { reject } of waiting.values()) reject(dead)
      waiting.clear()
    },
  }
}
