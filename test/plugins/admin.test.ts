import assert from 'node:assert/strict'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { describe, it } from 'node:test'
import { unfinishedName } from '../../lib/durable.js'
import { Refusal } from '../../lib/control/handlers.js'
import type { DomainSummary, QueueRow } from '../../lib/queue/shown.js'
import type { Progress } from '../../lib/control/protocol.js'
import {
  readOperatorState,
  STATE_FILE,
  writeOperatorState,
  type OperatorState,
} from '../../lib/queue/operator-state.js'
import { answerForQueue } from '../../plugins/admin/answers.js'
import { commands, stillSuspending } from '../../plugins/admin/commands.js'
import { createOperator } from '../../plugins/admin/operator.js'
import { mergeDomains } from '../../plugins/admin/status.js'
import type { Crew, Handler } from '../../plugins/crew.js'
import { createHub } from '../../plugins/hub.js'
import type { Care } from '../../plugins/keeper.js'
import type { Live } from '../../lib/suite/live.js'
import { fakeSight, idOf, type FakeMessage, type FakeSight } from '../queue/sight.js'
import { tempDir } from '../support/cleanup.js'

interface Office {
  readonly dir: string
  readonly handlers: ReturnType<typeof commands>
  /** The processes' queues. */
  readonly sights: readonly FakeSight[]
  /** What each process was told that operators decided, with what the record was then. */
  readonly told: { readonly state: OperatorState; readonly recorded: OperatorState }[]
  readonly notices: string[]
  /** Processes that have stopped answering, by number. */
  readonly dead: Set<number>
  readonly asked: string[]
  /** Before a process that was not reached is told again. */
  readonly pauses: number[]
}

/** The one process, with some that have these messages in their queues. */
function office(...queues: readonly (readonly FakeMessage[])[]): Office {
  const dir = tempDir('admin')
  const sights = queues.map((messages) => fakeSight(messages))
  const [told, notices, asked]: [Office['told'], string[], string[]] = [[], [], []]
  const dead = new Set<number>()
  const pauses: number[] = []
  const processes = sights.map((sight) => {
    const all = new Map<string, Handler>()
    const crew: Crew = { ...OFF, onAll: (name, handler) => all.set(name, handler) }
    answerForQueue(crew, sight as unknown as Care, (text) => notices.push(text))
    crew.onAll('operator', (state) => {
      const { held } = state as OperatorState
      told.push({ state: state as OperatorState, recorded: readOperatorState(dir) })
      sight.held.clear()
      for (const id of held) sight.held.add(id)
    })
    crew.onAll('queue.flush', () => ({ count: 2, running: false, complete: true }))
    return all
  })
  const crew: Crew = {
    ...OFF,
    askAll: async (name, args) => {
      asked.push(name)
      const alive = processes.filter((_, n) => !dead.has(n))
      const answers = await Promise.all(alive.map(async (handlers) => await handlers.get(name)?.(args)))
      return { answers, missing: processes.length - alive.length }
    },
  }
  const pause = (): Promise<void> => {
    pauses.push(told.length)
    return Promise.resolve()
  }
  const live = { loaded: () => undefined } as unknown as Live
  const handlers = commands({ crew, live, hub: createHub() }, createOperator(crew, dir, pause), (text) =>
    notices.push(text),
  )
  return { dir, handlers, sights, told, notices, dead, asked, pauses }
}

const OFF: Crew = {
  onAll: () => undefined,
  onOne: () => undefined,
  askOne: () => Promise.reject(new Error('nobody')),
  askAll: () => Promise.reject(new Error('nobody')),
  isApart: () => false,
  onJoin: () => undefined,
  begin: () => undefined,
  close: () => undefined,
}

const SILENT = { items: () => Promise.resolve(), progress: () => Promise.resolve() }
const many = (count: number, to = 'a@example.com'): FakeMessage[] => Array.from({ length: count }, () => ({ to }))

async function list({ handlers }: Office, ...filter: readonly string[]) {
  const rows: QueueRow[] = []
  const talk = {
    ...SILENT,
    items: (items: readonly QueueRow[]) => {
      rows.push(...items)
      return Promise.resolve()
    },
  }
  return { rows, result: await handlers['queue.list']({ filter }, talk) }
}

describe('what is asked of all processes', () => {
  it('is answered with what each of them has', async () => {
    const { rows, result } = await list(office(many(1200), many(3), []))
    assert.equal(rows.length, 1203)
    assert.deepEqual(result, { count: 1203, workers: 3, missing: 0, complete: true })
  })

  it('says so when one is not there from the start', async () => {
    const here = office(many(2), many(3))
    here.dead.add(0)
    const { rows, result } = await list(here)
    assert.deepEqual([rows.length, result], [3, { count: 3, workers: 1, missing: 1, complete: false }])
  })

  it('says so when one goes away on the way', async () => {
    const here = office(many(1200), many(1200))
    let pages = 0
    const items = (): Promise<void> => {
      if (++pages === 2) here.dead.add(1)
      return Promise.resolve()
    }
    const result = await here.handlers['queue.list']({ filter: [] }, { ...SILENT, items })
    assert.deepEqual(result, { count: 1700, workers: 1, missing: 1, complete: false })
  })

  it('says so while a queue is still being read', async () => {
    const here = office(many(2), many(3))
    Object.assign(here.sights[1] ?? {}, { complete: false })
    assert.deepEqual((await list(here)).result, { count: 5, workers: 2, missing: 0, complete: false })
    assert.equal((await here.handlers.status({}, SILENT)).complete, false)
  })

  it('ends, and is forgotten everywhere, when nobody listens any more', async () => {
    const here = office(many(5000))
    const items = (): Promise<void> => Promise.reject(new Error('gone'))
    await assert.rejects(here.handlers['queue.list']({ filter: [] }, { ...SILENT, items }), /gone/)
    assert.deepEqual(here.asked, ['queue.match', 'queue.rows', 'queue.forget'])
  })

  it('a filter that is wrong asks nobody', async () => {
    const here = office(many(1))
    for (const command of ['queue.list', 'queue.send', 'queue.hold', 'queue.release', 'queue.drop'] as const) {
      await assert.rejects(here.handlers[command]({ filter: ['x=y'] }, SILENT), Refusal)
    }
    await assert.rejects(here.handlers['queue.drop']({ filter: [] }, SILENT), Refusal)
    assert.deepEqual(here.asked, [])
  })
})

describe('an action', () => {
  it('is done page by page, with progress after each', async () => {
    const here = office(many(1200), many(600))
    const steps: Progress[] = []
    const progress = (step: Progress): Promise<void> => {
      steps.push(step)
      return Promise.resolve()
    }
    const result = await here.handlers['queue.send']({ filter: ['all'] }, { ...SILENT, progress })
    assert.deepEqual(
      steps.map(({ done, total }) => `${done}/${total}`),
      ['1000/1800', '1600/1800', '1800/1800'],
    )
    assert.deepEqual([result.done, result.skipped], [1800, 0])
    assert.equal(here.sights[0]?.sent.length, 1200)
  })

  it('gives 100 examples of what it skipped', async () => {
    const here = office(
      Array.from({ length: 250 }, () => ({ to: 'a@example.com', entry: { stage: 'sending' } as const })),
    )
    const { done, skipped, examples } = await here.handlers['queue.drop']({ filter: ['all'] }, SILENT)
    assert.deepEqual(
      [done, skipped, examples.length, examples[0]],
      [0, 250, 100, { id: idOf(0), why: 'is being sent' }],
    )
  })

  it('stops dropping when its client goes away, and takes back the holds of what is gone', async () => {
    const here = office(many(1200))
    await here.handlers['queue.hold']({ filter: [idOf(0), idOf(900)] }, SILENT)
    const progress = (): Promise<void> => Promise.reject(new Error('gone'))
    await assert.rejects(here.handlers['queue.drop']({ filter: ['all'] }, { ...SILENT, progress }), /gone/)
    assert.equal(here.sights[0]?.index.size, 700)
    assert.deepEqual(readOperatorState(here.dir).held, [idOf(900)])
  })
})

describe('what operators decide', () => {
  it('is on disk before it is in force, in every process', async () => {
    const here = office(many(2), [{ to: 'b@example.com', arrivedMs: 5 }])
    await here.handlers['queue.hold']({ filter: [idOf(1)] }, SILENT)
    await here.handlers.suspend({ domain: 'Example.COM', reason: ' full\u001b[2J ' }, SILENT)
    await here.handlers.resume({ domain: 'example.com' }, SILENT)
    await here.handlers['queue.release']({ filter: ['all'] }, SILENT)
    assert.equal(here.told.length, 8)
    for (const { state, recorded } of here.told) assert.deepEqual(recorded, state)
    const [hold, , suspended, , resumed, , released] = here.told.map(({ state }) => state)
    assert.deepEqual(hold, { suspensions: [], held: [idOf(1)] })
    assert.deepEqual(
      suspended?.suspensions.map(({ domain, reason }) => ({ domain, reason })),
      [{ domain: 'example.com', reason: 'full [2J' }],
    )
    assert.deepEqual([resumed, released], [hold, { suspensions: [], held: [] }])
    assert.deepEqual(here.sights[0]?.sent, [idOf(1)], 'what is released has an attempt')
  })

  it('is not in force when it cannot be recorded', async () => {
    const here = office(many(1))
    mkdirSync(unfinishedName(path.join(here.dir, STATE_FILE)))
    await assert.rejects(
      here.handlers.suspend({ domain: 'example.com' }, SILENT),
      (error) => error instanceof Refusal && /nothing was changed/.test(error.message) && /write/.test(error.hint),
    )
    assert.deepEqual([here.told, (await here.handlers.status({}, SILENT)).suspensions], [[], []])
  })

  it('is never written over a record that is damaged', async () => {
    const here = office(many(1))
    const file = path.join(here.dir, STATE_FILE)
    writeFileSync(file, '{"version":1,')
    await assert.rejects(here.handlers.suspend({ domain: 'example.com' }, SILENT), /damaged/)
    for (const command of ['queue.hold', 'queue.release'] as const) {
      await assert.rejects(here.handlers[command]({ filter: ['all'] }, SILENT), /damaged/)
    }
    assert.equal(readFileSync(file, 'utf8'), '{"version":1,')
    assert.deepEqual(here.told, [])
  })

  it('a suspension that has ended is forgotten with the next decision', async () => {
    const here = office(many(1))
    writeOperatorState(here.dir, { suspensions: [{ domain: 'old.example.com', untilMs: 5 }], held: [] })
    await here.handlers.suspend({ domain: '*.new.example.com' }, SILENT)
    assert.deepEqual(
      readOperatorState(here.dir).suspensions.map(({ domain }) => domain),
      ['*.new.example.com'],
    )
  })

  it('a hold of what is in no queue is forgotten, but not while there is something not known', async () => {
    const here = office(many(2), many(0))
    writeOperatorState(here.dir, { suspensions: [], held: ['left'] })
    here.dead.add(1)
    await here.handlers['queue.hold']({ filter: [idOf(0)] }, SILENT)
    assert.equal(here.pauses.length, 26, 'one that does not answer is told for some seconds')
    assert.deepEqual(readOperatorState(here.dir).held, ['left', idOf(0)])
    here.dead.clear()
    Object.assign(here.sights[1] ?? {}, { complete: false })
    await here.handlers['queue.hold']({ filter: [idOf(0)] }, SILENT)
    assert.deepEqual(readOperatorState(here.dir).held, ['left', idOf(0)])
    Object.assign(here.sights[1] ?? {}, { complete: true })
    await here.handlers['queue.release']({ filter: [idOf(1)] }, SILENT)
    assert.deepEqual(readOperatorState(here.dir).held, [idOf(0)])
  })

  const wrong: readonly string[] = [
    '',
    'not a domain',
    'a*b.example.com',
    '*.',
    'a,b',
    '*.*.example.com',
    'bob@domain1.com',
    '!a.example.com',
  ]
  for (const domain of wrong) {
    it(`"${domain}" cannot be suspended`, async () => {
      const here = office(many(1))
      await assert.rejects(
        here.handlers.suspend({ domain }, SILENT),
        (error) => error instanceof Refusal && error.hint !== '',
      )
      assert.ok(!existsSync(path.join(here.dir, STATE_FILE)))
    })
  }

  it('a domain is the same in every way of writing it', async () => {
    const here = office(many(1))
    await here.handlers.suspend({ domain: '*.Bücher.example' }, SILENT)
    assert.deepEqual(await here.handlers.resume({ domain: '*.xn--bcher-kva.EXAMPLE' }, SILENT), { resumed: true })
  })
})

describe('show', () => {
  it('one message that is in two queue files is asked about', async () => {
    const here = office(
      [{ to: 'a@example.com', uuid: 'A-B.1.1' }],
      [{ to: 'b@example.org', uuid: 'A-B.1.2', arrivedMs: 5 }],
    )
    await assert.rejects(
      here.handlers['queue.show']({ id: 'A-B.1' }, SILENT),
      (error) => error instanceof Refusal && /2 messages/.test(error.message) && error.hint.includes(idOf(0, 5)),
    )
    assert.equal((await here.handlers['queue.show']({ id: 'A-B.1.2' }, SILENT)).domain, 'example.org')
  })
  for (const id of ['all', 'domain=example.com', 'nothing', '']) {
    it(`"${id}" is refused`, async () => {
      await assert.rejects(office(many(1)).handlers['queue.show']({ id }, SILENT), Refusal)
    })
  }
})

it('etrn: takes domain or @domain, for every process', async () => {
  const here = office([], [])
  assert.deepEqual(await here.handlers.etrn({ node: '@Example.com' }, SILENT), {
    count: 4,
    running: false,
    complete: true,
    workers: 2,
    missing: 0,
  })
  for (const node of ['', '@', '#queue', 'a b', '*']) {
    await assert.rejects(here.handlers.etrn({ node }, SILENT), Refusal, node)
  }
})

describe('what still suspends a domain', () => {
  const all = [
    { domain: 'a.example.com' },
    { domain: '*.example.com', at: 'dmail.conf:2' },
    { domain: '!*,c.example.org', at: 'dmail.conf:3' },
  ]
  const rows: readonly [name: string, by: string | undefined][] = [
    ['a.example.com', 'a.example.com'],
    ['b.example.com', '*.example.com'],
    ['*.example.com', '*.example.com'],
    ['*.sub.example.com', '*.example.com'],
    ['example.com', undefined],
    ['c.example.org', '!*,c.example.org'],
    ['*', undefined],
  ]
  for (const [name, by] of rows) {
    it(`${name}: ${by ?? 'nothing'}`, () => {
      assert.equal(stillSuspending(all, name)?.domain, by)
    })
  }
})

it('summaries of the same domain from two processes become one', () => {
  const one: DomainSummary = {
    domain: 'a',
    count: 1,
    bytes: 10,
    oldestMs: 5,
    nextMs: 9,
    reason: '',
    suspended: false,
    held: 1,
  }
  const other: DomainSummary = {
    domain: 'a',
    count: 2,
    bytes: 20,
    oldestMs: 4,
    reason: '450 x',
    suspended: false,
    held: 0,
  }
  const third: DomainSummary = { ...one, domain: 'b', count: 9 }
  assert.deepEqual(mergeDomains([one, third, other]), [
    third,
    { domain: 'a', count: 3, bytes: 30, oldestMs: 4, nextMs: 9, reason: '450 x', suspended: false, held: 1 },
  ])
})
