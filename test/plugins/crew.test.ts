import assert from 'node:assert/strict'
import { EventEmitter } from 'node:events'
import { afterEach, describe, it, mock, type TestContext } from 'node:test'
import { setImmediate as turn } from 'node:timers/promises'
import { createCrew, type Crew, type OwnProcess } from '../../plugins/crew.js'
import type { HarakaWorker } from '../../plugins/haraka/types.js'

interface FakeWorker {
  readonly crew: Crew
  /** What it is to itself: messages from the master arrive here. */
  readonly self: EventEmitter
  readonly begin: () => void
  readonly disconnect: () => void
  readonly die: () => void
}

/** A master and workers in one process. */
class Cluster extends EventEmitter {
  readonly isMaster = true
  readonly workers: Record<string, HarakaWorker> = {}
  readonly master = createCrew()

  constructor(readonly context: TestContext) {
    super()
    this.master.begin({ cluster: this })
    context.after(() => {
      this.master.close()
    })
  }

  /** A process; it is of no use until it begins. `deaf`: it never hears anything. */
  fork({ deaf = false } = {}): FakeWorker {
    const id = Object.keys(this.workers).length + 1
    const self = Object.assign(new EventEmitter(), {
      connected: true,
      send: (message: unknown) => setImmediate(() => this.emit('message', worker, plain(message))),
    })
    const crew = createCrew(self as unknown as OwnProcess)
    const worker: HarakaWorker = {
      id,
      isConnected: () => self.connected,
      send: (message) => deaf || setImmediate(() => self.emit('message', plain(message))),
      process: { pid: 1000 + id },
    }
    this.workers[String(id)] = worker
    this.context.after(() => {
      crew.close()
    })
    return {
      crew,
      self,
      begin: () => {
        crew.begin({ cluster: { isMaster: false, on: () => undefined } })
      },
      disconnect: () => {
        self.connected = false
      },
      die: () => {
        self.connected = false
        Reflect.deleteProperty(this.workers, String(id))
        this.emit('exit', worker)
      },
    }
  }
}

/** What is sent between processes is JSON. */
function plain(message: unknown): unknown {
  return JSON.parse(JSON.stringify(message))
}

describe('the processes of a Haraka', () => {
  afterEach(() => {
    mock.timers.reset()
  })

  it('that is only one asks itself', async () => {
    const crew = createCrew()
    crew.onOne('double', (n) => Number(n) * 2)
    crew.onAll('triple', (n) => Promise.resolve(Number(n) * 3))
    crew.begin({})
    assert.equal(await crew.askOne('double', 4), 8)
    assert.deepEqual(await crew.askAll('triple', 4), { answers: [12], missing: 0 })
    await assert.rejects(crew.askOne('nothing'), /nothing here answers nothing/)
    crew.close()
  })

  it('a worker asks the master', async (context) => {
    const cluster = new Cluster(context)
    cluster.master.onOne('who', (args) => ({ master: true, args }))
    cluster.master.onOne('broken', () => {
      throw new Error('the disk is full')
    })
    const worker = cluster.fork()
    worker.begin()
    assert.deepEqual(await worker.crew.askOne('who', [1]), { master: true, args: [1] })
    await assert.rejects(worker.crew.askOne('broken'), /^Error: the disk is full$/)
    await assert.rejects(worker.crew.askOne('nothing'), /nothing here answers nothing/)
  })

  it('the master asks itself without sending', async (context) => {
    const cluster = new Cluster(context)
    cluster.master.onOne('who', () => 'master')
    assert.equal(await cluster.master.askOne('who'), 'master')
  })

  it('the master asks all workers at once', async (context) => {
    const cluster = new Cluster(context)
    for (const id of [1, 2, 3]) {
      const { crew, begin } = cluster.fork()
      crew.onAll('count', (args) => ({ id, args }))
      begin()
    }
    await turn()
    const { answers, missing } = await cluster.master.askAll('count', 'x')
    assert.deepEqual(
      answers,
      [1, 2, 3].map((id) => ({ id, args: 'x' })),
    )
    assert.equal(missing, 0)
  })

  it('an answer of nothing is an answer', async (context) => {
    const cluster = new Cluster(context)
    const worker = cluster.fork()
    worker.crew.onAll('count', () => undefined)
    worker.begin()
    await turn()
    assert.deepEqual(await cluster.master.askAll('count'), { answers: [undefined], missing: 0 })
  })

  it('a worker that fails is missing, the others are not', async (context) => {
    const cluster = new Cluster(context)
    for (const broken of [true, false]) {
      const { crew, begin } = cluster.fork()
      crew.onAll('count', () => {
        if (broken) throw new Error('no')
        return 1
      })
      begin()
    }
    await turn()
    assert.deepEqual(await cluster.master.askAll('count'), { answers: [1], missing: 1 })
  })

  it('a worker that never answers is waited for 8 s, and the others are heard', async (context) => {
    const cluster = new Cluster(context)
    const [deaf, well] = [cluster.fork({ deaf: true }), cluster.fork()]
    for (const { crew, begin } of [deaf, well]) {
      crew.onAll('count', () => 1)
      begin()
    }
    await turn()
    mock.timers.enable({ apis: ['setTimeout'] })
    let done = false
    const asking = cluster.master.askAll('count').finally(() => {
      done = true
    })
    for (let turns = 0; turns < 5; turns++) await turn()
    mock.timers.tick(7999)
    await turn()
    assert.equal(done, false)
    mock.timers.tick(1)
    assert.deepEqual(await asking, { answers: [1], missing: 1 })
    // No tick: it is asked again, but nobody waits.
    assert.deepEqual(await cluster.master.askAll('count'), { answers: [1], missing: 1 })
  })

  it('a worker whose connection is closed is not waited for', async (context) => {
    const cluster = new Cluster(context)
    const [closed, well] = [cluster.fork(), cluster.fork()]
    for (const { crew, begin } of [closed, well]) {
      crew.onAll('count', () => 1)
      begin()
    }
    await turn()
    closed.disconnect()
    assert.deepEqual(await cluster.master.askAll('count'), { answers: [1], missing: 1 })
  })

  it('a worker that dies while it is asked is missing at once', async (context) => {
    const cluster = new Cluster(context)
    const [dying, well] = [cluster.fork({ deaf: true }), cluster.fork()]
    for (const { crew, begin } of [dying, well]) {
      crew.onAll('count', () => 1)
      begin()
    }
    await turn()
    const asking = cluster.master.askAll('count')
    dying.die()
    assert.deepEqual(await asking, { answers: [1], missing: 1 })
    assert.deepEqual(await cluster.master.askAll('count'), { answers: [1], missing: 0 }, 'then it is no part of it')
  })

  it('a worker that has not begun has no queue yet, and is missing', async (context) => {
    const cluster = new Cluster(context)
    const [first, late] = [cluster.fork(), cluster.fork()]
    for (const { crew } of [first, late]) crew.onAll('count', () => 1)
    first.begin()
    await turn()
    assert.deepEqual(await cluster.master.askAll('count'), { answers: [1], missing: 1 })
    late.begin()
    await turn()
    assert.deepEqual(await cluster.master.askAll('count'), { answers: [1, 1], missing: 0 })
  })

  it("a worker's question to a master that never answers ends in 12 s", async (context) => {
    const cluster = new Cluster(context)
    cluster.master.onOne('who', () => new Promise(() => undefined))
    const worker = cluster.fork()
    worker.begin()
    mock.timers.enable({ apis: ['setTimeout'] })
    const asking = worker.crew.askOne('who')
    mock.timers.tick(12_000)
    await assert.rejects(asking, /no answer to who in 12 s/)
  })

  it("what others send between Haraka's processes is no matter, nor is a late or unknown answer", async (context) => {
    const cluster = new Cluster(context)
    const worker = cluster.fork()
    worker.crew.onAll('count', () => 1)
    worker.begin()
    await turn()
    const strange = [
      null,
      'text',
      {},
      { event: 'outbound.shutdown' },
      { event: 'dmail.answer', id: 99 },
      { event: 'dmail.answer' },
    ]
    for (const message of strange) {
      cluster.emit('message', { id: 1, isConnected: () => true, send: () => undefined }, message)
      worker.self.emit('message', message)
    }
    assert.deepEqual(await cluster.master.askAll('count'), { answers: [1], missing: 0 })
  })
})
