import assert from 'node:assert/strict'
import { setImmediate as turn } from 'node:timers/promises'
import type { Decision } from '../../lib/queue/attempt.js'
import type { Entry, EntryHeader } from '../../lib/queue/entry.js'
import { createKeeper, type Keeper } from '../../lib/queue/keeper.js'

/** A message of the make-believe Haraka: a file that may change its name. */
export interface Message {
  readonly id: string
  readonly domain: string
  file: string
}

/**
 * A keeper in front of a Haraka of paper: files, timers, a line of loaded items and attempts under way, as Haraka treats them.
 * Time is the test's. What Haraka would do by itself happens when the test says so.
 */
export interface Scene {
  readonly keeper: Keeper
  now: number
  /** file -> when its timer fires. */
  readonly timers: Map<string, number>
  /** Files whose loading has been asked for. */
  readonly loading: string[]
  /** Files in line, oldest first. */
  readonly line: string[]
  readonly sending: Set<string>
  readonly messages: Map<string, Message>
  readonly problems: string[]
  /** Domains whose mail waits, and until when. */
  readonly suspended: Map<string, number>
  readonly held: Set<string>
  /** Questions for headers that wait for the test; with `reading` 'at once' they are answered. */
  readonly questions: { readonly files: readonly string[]; answer(ok: boolean): void }[]
  reading: 'at once' | 'when told'
  /** Files that cannot be removed. */
  readonly stuck: Set<string>

  /** A message of an earlier process: Haraka sets its timer at start. */
  existing(domain: string, inMs: number): Message
  /** A new message: Haraka puts it in line. */
  arrives(domain: string): Message
  /** Haraka's clock goes on: timers fire. */
  pass(ms: number): void
  /** A file asked for is loaded: it comes into the line, or it is not there. */
  load(file?: string): Promise<void>
  /** Haraka begins with the first in line; the answer is the keeper's. */
  begin(): Decision | undefined
  succeed(file: string): void
  /** Deferred: the file gets another name and a timer. */
  fail(file: string, inMs?: number): void
  entry(message: Message): Entry
  /** Everything asked for is loaded and tried, and succeeds. Resolves to the ids in order of the attempts. */
  work(): Promise<string[]>
}

const LONG = 30 * 24 * 3_600_000
const START = 1_700_000_000_000

/** `setNow` sets the clock the keeper reads. */
export function makeScene(setNow: (nowMs: number) => void): Scene {
  let made = 0
  const loads = new Map<string, (there: boolean) => void>()
  setNow(START)

  const keeper = createKeeper({
    park(file, forMs) {
      scene.timers.set(file, scene.now + forMs)
    },
    unpark: (file) => scene.timers.delete(file),
    start(file) {
      assert.ok(!loads.has(file), `${file} is loaded twice`)
      scene.loading.push(file)
      return new Promise((resolve) => loads.set(file, resolve))
    },
    remove(file) {
      if (scene.stuck.has(file)) return Promise.reject(new Error('EPERM'))
      forget(file)
      return Promise.resolve()
    },
    readHeaders(files) {
      const headers = (): (EntryHeader | undefined)[] => files.map(headerOf)
      if (scene.reading === 'at once') return Promise.resolve(headers())
      return new Promise((resolve, reject) => {
        const answer = (ok: boolean): void => {
          scene.questions.splice(scene.questions.indexOf(question), 1)
          if (ok) resolve(headers())
          else reject(new Error('the thread ended'))
        }
        const question = { files, answer }
        scene.questions.push(question)
      })
    },
    decide({ id, domain, asked }) {
      if (scene.held.has(id)) return { kind: 'wait', why: 'held', forMs: LONG }
      const until = domain === undefined ? undefined : scene.suspended.get(domain)
      if (until === undefined || until <= scene.now || asked) return { kind: 'try' }
      return { kind: 'wait', why: 'suspended', forMs: Math.min(until - scene.now, LONG) }
    },
    isHeld: (id) => scene.held.has(id),
    problem: (text) => scene.problems.push(text),
  })

  function make(domain: string, dueMs: number): Message {
    const unique = `m${String(made++).padStart(5, '0')}`
    const message = { id: `${START.toString(36)}${unique}`, domain, file: `${START}_${dueMs}_0_1_${unique}_1_host` }
    scene.messages.set(message.id, message)
    return message
  }

  function messageOf(file: string): Message | undefined {
    for (const message of scene.messages.values()) if (message.file === file) return message
    return undefined
  }

  function headerOf(file: string): EntryHeader | undefined {
    const message = messageOf(file)
    return message === undefined ? undefined : { domain: message.domain, local: false, bytes: 100 }
  }

  function forget(file: string): void {
    const message = messageOf(file)
    if (message !== undefined) scene.messages.delete(message.id)
  }

  function wait(file: string, inMs: number): void {
    scene.timers.set(file, scene.now + inMs)
    keeper.waits(file, scene.now + inMs)
  }

  const scene: Scene = {
    keeper,
    now: START,
    timers: new Map(),
    loading: [],
    line: [],
    sending: new Set(),
    messages: new Map(),
    problems: [],
    suspended: new Map(),
    held: new Set(),
    questions: [],
    reading: 'at once',
    stuck: new Set(),

    existing(domain, inMs) {
      const message = make(domain, scene.now + inMs)
      wait(message.file, inMs)
      return message
    },
    arrives(domain) {
      const message = make(domain, scene.now)
      keeper.queued(message.file, headerOf(message.file))
      scene.line.push(message.file)
      return message
    },
    pass(ms) {
      scene.now += ms
      setNow(scene.now)
      for (const [file, dueMs] of [...scene.timers]) {
        if (dueMs > scene.now || scene.timers.get(file) !== dueMs) continue
        scene.timers.delete(file)
        keeper.due(file)
      }
    },
    async load(file = scene.loading[0]) {
      if (file === undefined) return
      scene.loading.splice(scene.loading.indexOf(file), 1)
      const there = messageOf(file) !== undefined
      if (there) {
        keeper.queued(file, headerOf(file))
        scene.line.push(file)
      }
      const loaded = loads.get(file)
      loads.delete(file)
      loaded?.(there)
      await turn()
    },
    begin() {
      const file = scene.line.shift()
      const header = file === undefined ? undefined : headerOf(file)
      if (file === undefined || header === undefined) return undefined
      assert.ok(!scene.sending.has(file), `${file} is sent twice`)
      const decision = keeper.begins(file, header)
      if (decision.kind === 'wait') {
        wait(file, decision.forMs)
      } else if (decision.kind === 'try') {
        scene.sending.add(file)
      } else {
        forget(file)
        keeper.gone(file)
      }
      return decision
    },
    succeed(file) {
      scene.sending.delete(file)
      forget(file)
      keeper.gone(file)
    },
    fail(file, inMs = 7_200_000) {
      const message = messageOf(file)
      assert.ok(message !== undefined)
      scene.sending.delete(file)
      keeper.failed(file, '450 later')
      const [arrived, , attempts, , unique] = file.split('_')
      message.file = [arrived, scene.now + inMs, Number(attempts) + 1, 1, unique, 1, 'host'].join('_')
      wait(message.file, inMs)
    },
    entry({ id }) {
      const entry = keeper.index.get(id)
      assert.ok(entry !== undefined, `${id} is forgotten`)
      return entry
    },
    async work() {
      const tried: string[] = []
      while (scene.loading.length > 0 || scene.line.length > 0) {
        while (scene.loading.length > 0) await scene.load()
        const [file = ''] = scene.line
        const id = messageOf(file)?.id
        if (scene.begin()?.kind !== 'try' || id === undefined) continue
        tried.push(id)
        scene.succeed(file)
        await turn()
      }
      return tried
    },
  }
  return scene
}
