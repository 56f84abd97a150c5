import type { Decision } from '../../lib/queue/attempt.js'
import type { Entry, EntryHeader } from '../../lib/queue/entry.js'
import { createKeeper, type Keeper } from '../../lib/queue/keeper.js'

/** A keeper with a queue that is written down instead of sent. Every domain is suspended but for what ETRN asks for. */
export interface KeeperScene {
  readonly keeper: Keeper
  /** Files whose attempt was begun, in order. */
  readonly started: readonly string[]
  /** The name of a queue file; `due` 0 = now. */
  file(id: number, due?: number): string
  /** Answers the next request for headers, as soon as there is one; every file is for this domain. */
  answerHeaders(domain: string): Promise<void>
}

export function keeperScene(decide: (entry: Entry) => Decision = suspendAll): KeeperScene {
  const started: string[] = []
  const asked: { files: readonly string[]; answer: (headers: (EntryHeader | undefined)[]) => void }[] = []
  let wake = (): void => undefined
  const keeper = createKeeper({
    park: () => undefined,
    unpark: () => true,
    start: (file) => {
      started.push(file)
      return Promise.resolve(true)
    },
    remove: () => Promise.resolve(),
    readHeaders: (files) =>
      new Promise((answer) => {
        asked.push({ files, answer })
        wake()
      }),
    decide,
    isHeld: () => false,
    problem: (text) => {
      throw new Error(text)
    },
  })
  return {
    keeper,
    started,
    file: (id, due = 0) => `1000_${due}_1_77_unique${id}_${id}_mail.example.com`,
    async answerHeaders(domain) {
      while (asked.length === 0) {
        await new Promise<void>((resolve) => {
          wake = resolve
        })
      }
      const { files, answer } = asked.shift() ?? { files: [], answer: () => undefined }
      answer(files.map(() => headerFor(domain)))
      // The keeper goes on in promises alone.
      await new Promise((resolve) => setImmediate(resolve))
    },
  }
}

export function headerFor(domain: string): EntryHeader {
  return { domain, local: false, bytes: 100 }
}

function suspendAll({ asked }: Entry): Decision {
  return asked ? { kind: 'try' } : { kind: 'wait', why: 'suspended', forMs: 60_000 }
}
