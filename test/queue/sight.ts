import type { Entry } from '../../lib/queue/entry.js'
import type { QueueHeader } from '../../lib/queue/header.js'
import { createQueueIndex, type QueueIndex } from '../../lib/queue/index.js'
import type { QueueSight } from '../../lib/queue/sight.js'
import { suspensionTable, type Suspension } from '../../lib/queue/suspensions.js'

/** A message of a test's queue: who it is for, and what differs from a usual one. */
export interface FakeMessage {
  readonly to: string
  readonly from?: string
  readonly uuid?: string
  readonly arrivedMs?: number
  readonly bytes?: number
  readonly note?: unknown
  readonly entry?: Partial<Pick<Entry, 'stage' | 'wait' | 'reason' | 'dueMs' | 'attempts' | 'asked'>>
}

export interface FakeSight extends QueueSight {
  readonly index: QueueIndex
  /** Headers by file; take one out and it cannot be read. */
  readonly headers: Map<string, QueueHeader>
  /** Every list of files whose headers were asked for. */
  readonly reads: (readonly string[])[]
  readonly held: Set<string>
  readonly sent: string[]
  readonly dropped: string[]
  complete: boolean
}

/** The queue of a process that is not there; what is for home.example.com is for this machine. */
export function fakeSight(messages: readonly FakeMessage[], suspended: readonly Suspension[] = []): FakeSight {
  const index = createQueueIndex()
  const headers = new Map<string, QueueHeader>()
  const table = suspensionTable(suspended)
  messages.forEach((message, n) => {
    const {
      to,
      from = 'fred@domain1.com',
      uuid = `A0-${n}.1`,
      arrivedMs = 1000 + n,
      bytes = 100 + n,
      note,
      entry,
    } = message
    const file = `${arrivedMs}_${arrivedMs}_0_77_M${n}_1_host`
    const found = index.at(file, entry?.stage ?? 'waiting')
    if (found === undefined) throw new Error(`${file} is no queue file's name`)
    const domain = to.slice(to.lastIndexOf('@') + 1)
    const header = {
      domain,
      local: note !== undefined,
      bytes,
      uuid,
      sender: from,
      recipients: [to],
      queuedMs: arrivedMs,
      note,
      start: 4,
    }
    headers.set(file, header)
    index.learn(found, header)
    Object.assign(found, entry)
  })
  const sight: FakeSight = {
    index,
    headers,
    reads: [],
    held: new Set(),
    sent: [],
    dropped: [],
    complete: true,
    directory: '/nowhere',
    isComplete: () => sight.complete,
    readHeaders: (files) => {
      sight.reads.push(files)
      return Promise.resolve(files.map((file) => headers.get(file)))
    },
    isHeld: (id) => sight.held.has(id),
    isHome: (domain) => domain === 'home.example.com',
    suspensions: () => table,
    suspensionOf: ({ domain, local }) =>
      domain === undefined || local || sight.isHome(domain) ? undefined : table.find(domain, Date.now()),
    send: ({ id }) => {
      if (sight.held.has(id)) return false
      sight.sent.push(id)
      return true
    },
    drop: (entry) => {
      if (entry.stage === 'sending') return Promise.resolve(false)
      sight.dropped.push(entry.id)
      index.remove(entry)
      return Promise.resolve(true)
    },
  }
  return sight
}

/** The id of message `n` that arrived when `fakeSight` lets it. */
export function idOf(n: number, arrivedMs = 1000 + n): string {
  return `${arrivedMs.toString(36)}M${n}`
}
