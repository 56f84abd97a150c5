import type { TestContext } from 'node:test'
import { setImmediate as turn } from 'node:timers/promises'
import type { AppendBatch, BatchResult } from '../../lib/delivery/append-job.js'
import { createDropWriter, type DropWriter } from '../../lib/delivery/drop-writer.js'
import type { MessageBody, Outcome } from '../../lib/delivery/types.js'
import { targetOf } from './batches.js'

/** Work a lane was given: `bob: 1 2`, a file and the heads of its messages, for each batch. */
export interface Turn {
  /** Which lane has it, counted from 0. */
  readonly lane: number
  readonly work: readonly string[]
  readonly batches: readonly AppendBatch[]
  /** Answers for each batch: delivered unless said otherwise. */
  answer(results?: Readonly<Record<string, Partial<BatchResult>>>): Promise<void>
  die(): Promise<void>
}

export interface Scene {
  readonly writer: DropWriter
  /** What lanes were given and not answered yet, oldest first. */
  readonly turns: Turn[]
  /** How many lanes were started and closed. */
  readonly lanes: { started: number; closed: number; startFails: boolean }
  /** A message comes in; what becomes of it is in `ended` under its name. */
  send(file: string, name: string, options?: Partial<Sent>): void
  /** Lets what is due now happen. */
  settle(): Promise<void>
  /** Lets time pass. */
  pass(ms: number): Promise<void>
  readonly ended: Map<string, Outcome>
  readonly warned: string[]
}

interface Sent {
  readonly lockWaitMs: number
  readonly body: MessageBody
  readonly fsync: boolean
}

/** A drop writer whose lanes do nothing until they are told, and whose clock stands still until it is told. */
export function withWriter(t: TestContext, limits: { usual: number; most: number } = { usual: 1, most: 3 }): Scene {
  let now = 1_000_000
  t.mock.timers.enable({ apis: ['setTimeout'] })
  t.mock.method(performance, 'now', () => now)
  const turns: Turn[] = []
  const ended = new Map<string, Outcome>()
  const warned: string[] = []
  const lanes = { started: 0, closed: 0, startFails: false }

  const writer = createDropWriter({
    ...limits,
    start() {
      if (lanes.startFails) throw new Error('no more threads')
      const lane = lanes.started++
      return {
        run: (batches) =>
          new Promise((resolve, reject) => {
            turns.push(turnOf(lane, batches, resolve, reject))
          }),
        close() {
          lanes.closed++
          return Promise.resolve()
        },
      }
    },
  })

  function turnOf(
    lane: number,
    batches: readonly AppendBatch[],
    resolve: (results: readonly BatchResult[]) => void,
    reject: (error: Error) => void,
  ): Turn {
    const own: Turn = {
      lane,
      batches,
      work: batches.map(({ target, jobs }) => [`${target.file}:`, ...jobs.map(({ head }) => head)].join(' ')),
      answer(results = {}) {
        turns.splice(turns.indexOf(own), 1)
        resolve(
          batches.map(({ target, jobs }) => {
            const delivered = jobs.map((): Outcome => ({ state: 'delivered' }))
            return { busy: false, outcomes: delivered, warnings: [], ...results[target.file] } as BatchResult
          }),
        )
        return settle()
      },
      die() {
        turns.splice(turns.indexOf(own), 1)
        reject(new Error('the thread died'))
        return settle()
      },
    }
    return own
  }

  async function settle(): Promise<void> {
    for (let at = 0; at < 3; at++) await turn()
  }

  return {
    writer,
    turns,
    lanes,
    ended,
    warned,
    settle,
    send(file, name, { lockWaitMs = 30_000, body = Buffer.from(name), fsync = true } = {}) {
      writer
        .append({
          target: targetOf(file, { fsync }),
          job: { head: name, body },
          lockWaitMs,
          warn: (text) => warned.push(`${name}: ${text}`),
        })
        .then(
          (outcome) => ended.set(name, outcome),
          (error: unknown) => {
            throw error
          },
        )
    },
    async pass(ms) {
      now += ms
      t.mock.timers.tick(ms)
      await settle()
    },
  }
}
