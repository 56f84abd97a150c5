import assert from 'node:assert/strict'
import { after, before, beforeEach, describe, it, mock } from 'node:test'
import { setImmediate as turn } from 'node:timers/promises'
import { createKeeper } from '../../lib/queue/keeper.js'
import { makeScene, type Message, type Scene } from './scene.js'

const HOUR = 3_600_000
const YEAR = 365 * 24 * HOUR

describe('the keeper of a queue', () => {
  let scene: Scene
  before(() => {
    mock.timers.enable({ apis: ['Date'] })
  })
  after(() => {
    mock.timers.reset()
  })
  beforeEach(() => {
    scene = makeScene((nowMs) => {
      mock.timers.setTime(nowMs)
    })
  })

  /** Messages of an earlier process, of which the headers are known. */
  async function waiting(...domains: string[]): Promise<Message[]> {
    const messages = domains.map((domain) => scene.existing(domain, HOUR))
    await known()
    return messages
  }
  async function known(): Promise<void> {
    while (!scene.keeper.isComplete()) await turn()
  }
  /** A message whose attempt is under way. */
  async function sent(domain: string): Promise<Message> {
    const [message] = await waiting(domain)
    assert.ok(message !== undefined)
    scene.pass(HOUR)
    await scene.load()
    assert.deepEqual(scene.begin(), { kind: 'try' })
    return message
  }
  const timersOf = ({ id }: Message): number =>
    [...scene.timers.keys()].filter((file) => file.includes(id.slice(-6))).length

  describe('a message', () => {
    it('that is new is tried at once', () => {
      const message = scene.arrives('example.com')
      assert.equal(scene.entry(message).stage, 'starting')
      assert.deepEqual(scene.begin(), { kind: 'try' })
      assert.deepEqual([scene.entry(message).stage, scene.timers.size], ['sending', 0])
      scene.succeed(message.file)
      assert.deepEqual([scene.keeper.index.size, scene.keeper.index.forDomain('example.com', false)], [0, []])
    })

    it('that fails waits for its next try, under its new name', () => {
      const message = scene.arrives('example.com')
      scene.begin()
      scene.fail(message.file, 2 * HOUR)
      const { file, stage, wait, attempts, dueMs, reason } = scene.entry(message)
      assert.deepEqual(
        [file, stage, wait, attempts, dueMs, reason],
        [message.file, 'waiting', 'retry', 1, scene.now + 2 * HOUR, '450 later'],
      )
      assert.deepEqual([...scene.timers.keys()], [message.file])
    })

    it('that is due is loaded and tried', async () => {
      const [message] = await waiting('example.com')
      scene.pass(HOUR - 1)
      assert.deepEqual(scene.loading, [])
      scene.pass(1)
      assert.deepEqual([scene.loading, scene.timers.size], [[message?.file], 0])
      assert.deepEqual(await scene.work(), [message?.id])
    })

    it('that was due when the server started is tried as soon as it is known', async () => {
      scene.existing('example.com', 0)
      scene.pass(0)
      assert.deepEqual(scene.loading, [])
      await known()
      assert.equal((await scene.work()).length, 1)
    })

    it('whose file is gone when its time comes is forgotten', async () => {
      const [message] = await waiting('example.com')
      scene.messages.clear()
      scene.pass(HOUR)
      await scene.load(message?.file)
      assert.deepEqual([scene.keeper.index.size, scene.line], [0, []])
    })

    it('whose file cannot be loaded is looked at again in a minute', async () => {
      const [message] = await waiting('example.com')
      assert.ok(message !== undefined)
      const failing = makeFailing(scene)
      failing.keeper.waits(message.file, scene.now)
      failing.keeper.due(message.file)
      await turn()
      await turn()
      assert.deepEqual(failing.parked, [[message.file, 60_000]])
      assert.equal(failing.keeper.index.find(message.file)?.stage, 'waiting')
      assert.match(failing.problems.join(), /could not be read: Error: no memory/)
    })

    it('with a name of an old Haraka is tried nevertheless', async () => {
      const old = '1484878079415_0_12345_8888.mta1.example.com'
      scene.keeper.waits(old, scene.now)
      scene.keeper.due(old)
      assert.deepEqual(scene.loading, [old])
      assert.deepEqual(scene.keeper.begins(old, { domain: 'x', local: false, bytes: 1 }), { kind: 'try' })
      await scene.load(old)
      scene.keeper.failed(old, 'later')
      scene.keeper.due(old)
      assert.deepEqual(scene.loading, [old], 'its place is free again')
    })

    it('that Haraka itself puts in line loses its timer', async () => {
      const [message] = await waiting('example.com')
      scene.keeper.queued(message?.file ?? '', undefined)
      assert.equal(scene.timers.size, 0)
    })

    it('whose header comes late is known from then on', async () => {
      const [message] = await waiting('example.com')
      scene.keeper.learn(message?.file ?? '', { domain: 'domain1.com', local: true, bytes: 7 })
      scene.keeper.learn(message?.file ?? '', undefined)
      assert.deepEqual(
        scene.keeper.index.forDomain('domain1.com', false).map(({ bytes }) => bytes),
        [7],
      )
    })

    it('that got another name is not forgotten for the old one', async () => {
      const message = await sent('example.com')
      const { file } = message
      scene.fail(file)
      scene.keeper.gone(file)
      assert.equal(scene.entry(message).file, message.file)
    })
  })

  describe('a suspended domain', () => {
    it('is not tried, not even for the first time', () => {
      scene.suspended.set('example.com', Infinity)
      const message = scene.arrives('example.com')
      assert.equal(scene.begin()?.kind, 'wait')
      assert.deepEqual(
        [scene.entry(message).wait, scene.entry(message).stage, scene.sending.size],
        ['suspended', 'waiting', 0],
      )
      scene.pass(YEAR)
      assert.deepEqual([scene.loading, timersOf(message)], [[], 1])
    })

    it('is tried at once when that is lifted', async () => {
      scene.suspended.set('example.com', Infinity)
      const message = scene.arrives('example.com')
      scene.begin()
      await scene.keeper.reconsider()
      assert.deepEqual(scene.loading, [])
      scene.suspended.clear()
      await scene.keeper.reconsider()
      assert.equal(timersOf(message), 0)
      assert.deepEqual(await scene.work(), [message.id])
    })

    it('that was not due yet waits on for its time when that is lifted', async () => {
      scene.suspended.set('example.com', Infinity)
      const [message] = await waiting('example.com')
      scene.suspended.clear()
      await scene.keeper.reconsider()
      assert.deepEqual([scene.loading, scene.timers.get(message?.file ?? '')], [[], scene.now + HOUR])
    })

    it('is tried when its suspension ends by itself', async () => {
      scene.suspended.set('example.com', scene.now + 3 * HOUR)
      const message = scene.arrives('example.com')
      scene.begin()
      scene.pass(3 * HOUR)
      assert.deepEqual(await scene.work(), [message.id])
    })

    it('that is given an end afterwards is tried then', async () => {
      scene.suspended.set('example.com', Infinity)
      const message = scene.arrives('example.com')
      scene.begin()
      scene.suspended.set('example.com', scene.now + HOUR)
      await scene.keeper.reconsider()
      scene.pass(HOUR)
      assert.deepEqual(await scene.work(), [message.id])
    })

    it('and held: the suspension still has its end when it is released', async () => {
      scene.suspended.set('example.com', scene.now + HOUR)
      const message = scene.arrives('example.com')
      scene.held.add(message.id)
      scene.begin()
      assert.equal(scene.entry(message).wait, 'held')
      scene.held.clear()
      await scene.keeper.reconsider()
      assert.equal(scene.entry(message).wait, 'suspended')
      scene.pass(HOUR)
      assert.deepEqual(await scene.work(), [message.id])
    })

    it('stays as it is by looking at it again: no timer is set anew', async () => {
      scene.suspended.set('example.com', Infinity)
      const message = scene.arrives('example.com')
      scene.begin()
      const before = scene.timers.get(message.file)
      scene.pass(HOUR)
      await scene.keeper.reconsider()
      assert.equal(scene.timers.get(message.file), before)
    })

    it('that is lifted for thousands keeps nobody waiting for all of them', async () => {
      scene.suspended.set('example.com', Infinity)
      for (let n = 0; n < 5000; n++) scene.arrives('example.com')
      while (scene.line.length > 0) scene.begin()
      scene.suspended.clear()
      const done = scene.keeper.reconsider()
      const left = [...scene.keeper.index.all()].filter(({ stage }) => stage === 'waiting').length
      assert.ok(left > 0 && left < 5000, `${left} are left for later`)
      await done
      assert.deepEqual([scene.timers.size, scene.loading.length], [0, 200], 'and no more than 200 are loaded at once')
    })
  })

  describe('a flush', () => {
    it('sends what waits for the domain, once, and no timer is left', async () => {
      const messages = await waiting('example.com', 'a.example.com', 'domain1.com', 'example.com')
      const [one, , , two] = messages
      assert.deepEqual(scene.keeper.flush('example.com', false), { count: 2, running: false, complete: true })
      assert.deepEqual(messages.map(timersOf), [0, 1, 1, 0])
      assert.deepEqual(await scene.work(), [one?.id, two?.id])
      scene.pass(30 * 60_000)
      assert.deepEqual(scene.loading, [])
    })

    it('of a domain with those below sends both', async () => {
      await waiting('example.com', 'a.example.com', 'badexample.com')
      assert.equal(scene.keeper.flush('example.com', true).count, 2)
      assert.equal((await scene.work()).length, 2)
    })

    it('sends suspended mail, which waits again when it fails', async () => {
      scene.suspended.set('example.com', Infinity)
      const message = scene.arrives('example.com')
      scene.begin()
      assert.equal(scene.keeper.flush('example.com', false).count, 1)
      await scene.load()
      assert.deepEqual(scene.begin(), { kind: 'try' })
      scene.fail(message.file, HOUR)
      scene.pass(HOUR)
      assert.deepEqual([scene.loading, scene.entry(message).wait], [[], 'suspended'])
    })

    it('leaves what an operator holds', async () => {
      const [one, two] = await waiting('example.com', 'example.com')
      scene.held.add(one?.id ?? '')
      assert.equal(scene.keeper.flush('example.com', false).count, 1)
      assert.deepEqual(await scene.work(), [two?.id])
    })

    it('of nothing sends nothing', async () => {
      await waiting('example.com')
      assert.deepEqual(scene.keeper.flush('domain1.com', true), { count: 0, running: false, complete: true })
    })

    it('again while the first is not at its end does nothing and says so', async () => {
      const message = await sent('example.com')
      await waiting('example.com')
      scene.keeper.flush('example.com', false)
      assert.deepEqual(scene.keeper.flush('example.com', false), { count: 0, running: true, complete: true })
      await scene.work()
      assert.deepEqual(scene.keeper.flush('example.com', false), { count: 0, running: true, complete: true })
      scene.succeed(message.file)
      assert.deepEqual(scene.keeper.flush('example.com', false), { count: 0, running: false, complete: true })
    })

    it('ten times in a row sends each message once', async () => {
      const messages = await waiting('example.com', 'example.com', 'example.com')
      for (let times = 0; times < 10; times++) scene.keeper.flush('example.com', false)
      assert.deepEqual(
        await scene.work(),
        messages.map(({ id }) => id),
      )
      scene.pass(YEAR)
      assert.deepEqual(await scene.work(), [])
    })

    it('of what is in line already does not load it a second time', async () => {
      const message = scene.arrives('example.com')
      assert.deepEqual(scene.keeper.flush('example.com', false), { count: 1, running: false, complete: true })
      assert.deepEqual(scene.loading, [])
      assert.deepEqual(await scene.work(), [message.id])
    })

    it('during an attempt that fails makes another one at once, and no third', async () => {
      const message = await sent('example.com')
      assert.equal(scene.keeper.flush('example.com', false).count, 1)
      scene.fail(message.file)
      assert.deepEqual([scene.loading, timersOf(message)], [[message.file], 0])
      await scene.load()
      assert.deepEqual(scene.begin(), { kind: 'try' })
      scene.fail(message.file)
      assert.deepEqual([scene.loading, timersOf(message)], [[], 1])
      assert.equal(scene.keeper.flush('example.com', false).running, false, 'it is at its end')
    })

    it('during an attempt that succeeds makes no other', async () => {
      const message = await sent('example.com')
      scene.keeper.flush('example.com', false)
      scene.succeed(message.file)
      scene.pass(YEAR)
      assert.deepEqual([scene.loading, scene.timers.size], [[], 0])
    })

    it('goes before what is merely due', async () => {
      await waiting(...Array.from({ length: 300 }, () => 'domain1.com'), 'example.com')
      scene.pass(HOUR - 1)
      for (const entry of [...scene.keeper.index.all()].slice(0, 300)) scene.keeper.due(entry.file)
      assert.equal(scene.loading.length, 200)
      scene.keeper.flush('example.com', false)
      const last = [...scene.messages.values()].at(-1)
      assert.equal((await scene.work())[200], last?.id)
    })

    it('moves what is due already to the front', async () => {
      await waiting(...Array.from({ length: 300 }, () => 'domain1.com'), 'example.com')
      scene.pass(HOUR)
      scene.keeper.flush('example.com', false)
      const last = [...scene.messages.values()].at(-1)
      assert.equal((await scene.work())[200], last?.id)
    })
  })

  describe('while the queue is being read', () => {
    beforeEach(() => {
      scene.reading = 'when told'
    })

    it('a flush says that not everything is known, and what is found is sent', async () => {
      const [one] = ['example.com', 'domain1.com'].map((domain) => scene.existing(domain, HOUR))
      assert.deepEqual(scene.keeper.flush('example.com', false), { count: 0, running: false, complete: false })
      await turn()
      scene.questions[0]?.answer(true)
      await known()
      assert.deepEqual(await scene.work(), [one?.id])
    })

    it('a flush with those below finds them too, and nothing else', async () => {
      const messages = ['example.com', 'a.b.example.com', 'badexample.com', 'com'].map((d) => scene.existing(d, HOUR))
      scene.keeper.flush('example.com', true)
      await turn()
      scene.questions[0]?.answer(true)
      await known()
      assert.deepEqual(
        await scene.work(),
        messages.slice(0, 2).map(({ id }) => id),
      )
    })

    it('a flush of what is read by then is not kept for what comes later', async () => {
      scene.existing('domain1.com', HOUR)
      scene.keeper.flush('example.com', false)
      await turn()
      scene.questions[0]?.answer(true)
      await known()
      const later = scene.existing('example.com', HOUR)
      await turn()
      scene.questions[0]?.answer(true)
      await known()
      assert.deepEqual([scene.loading, timersOf(later)], [[], 1])
    })

    it('held mail that is found is left', async () => {
      const message = scene.existing('example.com', HOUR)
      scene.held.add(message.id)
      scene.keeper.flush('example.com', false)
      await turn()
      scene.questions[0]?.answer(true)
      await known()
      assert.deepEqual([scene.loading, timersOf(message)], [[], 1])
    })

    it('what is due waits for its header, and is not tried if it is suspended', async () => {
      scene.suspended.set('example.com', Infinity)
      const message = scene.existing('example.com', 0)
      scene.pass(0)
      await turn()
      scene.questions[0]?.answer(true)
      await known()
      assert.deepEqual([scene.loading, scene.entry(message).wait, timersOf(message)], [[], 'suspended', 1])
    })

    it('headers are asked for some hundred at a time', async () => {
      for (let n = 0; n < 1001; n++) scene.existing('example.com', HOUR)
      const sizes: number[] = []
      while (!scene.keeper.isComplete()) {
        await turn()
        for (const question of [...scene.questions]) {
          sizes.push(question.files.length)
          question.answer(true)
        }
      }
      assert.deepEqual([sizes, scene.keeper.index.forDomain('example.com', false).length], [[500, 500, 1], 1001])
    })

    it('a read that fails is made once more', async () => {
      const message = scene.existing('example.com', HOUR)
      await turn()
      scene.questions[0]?.answer(false)
      await turn()
      scene.questions[0]?.answer(true)
      await known()
      assert.deepEqual([scene.entry(message).domain, scene.problems], ['example.com', []])
    })

    it('what cannot be read is tried when it is due, nothing waits for ever', async () => {
      const messages = [scene.existing('example.com', 0), scene.existing('example.com', HOUR)]
      scene.pass(0)
      for (let tries = 0; tries < 2; tries++) {
        await turn()
        scene.questions[0]?.answer(false)
      }
      await known()
      assert.match(scene.problems.join(), /^2 queue files could not be read, .* the thread ended$/)
      assert.deepEqual(scene.loading, [messages[0]?.file])
      scene.pass(HOUR)
      await turn()
      scene.questions[0]?.answer(true)
      await known()
      assert.deepEqual(
        await scene.work(),
        messages.map(({ id }) => id),
      )
    })

    it('a file that is gone meanwhile is no matter', async () => {
      const message = scene.existing('example.com', HOUR)
      await turn()
      scene.messages.clear()
      scene.keeper.gone(message.file)
      scene.questions[0]?.answer(true)
      await known()
      assert.deepEqual([scene.keeper.index.size, scene.problems], [0, []])
    })

    it('a message that is sent meanwhile is left alone', async () => {
      const message = scene.existing('example.com', HOUR)
      await turn()
      scene.keeper.send(scene.entry(message))
      await scene.load()
      scene.begin()
      scene.questions[0]?.answer(true)
      await known()
      assert.deepEqual([scene.entry(message).stage, scene.loading], ['sending', []])
    })
  })

  describe('an operator', () => {
    it('holds a message: it is not tried, and not sent by hand', async () => {
      const [message] = await waiting('example.com')
      assert.ok(message !== undefined)
      scene.held.add(message.id)
      await scene.keeper.reconsider()
      scene.pass(HOUR)
      assert.equal(scene.entry(message).wait, 'held')
      assert.equal(scene.keeper.send(scene.entry(message)), false)
      assert.deepEqual([scene.loading, timersOf(message)], [[], 1])
      scene.held.clear()
      await scene.keeper.reconsider()
      assert.deepEqual(await scene.work(), [message.id])
    })

    it('holds what is in line: its turn passes', () => {
      const message = scene.arrives('example.com')
      scene.keeper.flush('example.com', false)
      scene.held.add(message.id)
      assert.equal(scene.begin()?.kind, 'wait')
      assert.deepEqual(
        [scene.entry(message).wait, scene.entry(message).flushing, timersOf(message)],
        ['held', false, 1],
      )
    })

    it('removes what waits', async () => {
      const [message] = await waiting('example.com')
      assert.ok(message !== undefined)
      assert.equal(await scene.keeper.drop(scene.entry(message)), true)
      assert.deepEqual([scene.messages.size, scene.timers.size, scene.keeper.index.size], [0, 0, 0])
    })

    it('removes what waits for a place', async () => {
      const [message] = await waiting('example.com')
      assert.ok(message !== undefined)
      scene.pass(HOUR)
      assert.equal(await scene.keeper.drop(scene.entry(message)), true)
      assert.deepEqual(await scene.work(), [])
      assert.deepEqual([scene.messages.size, scene.timers.size, scene.keeper.index.size], [0, 0, 0])
    })

    it('removes what is in line, held or suspended as it may be', async () => {
      const messages = [scene.arrives('example.com'), scene.arrives('domain1.com')]
      scene.held.add(messages[0]?.id ?? '')
      scene.suspended.set('domain1.com', Infinity)
      for (const message of messages) await scene.keeper.drop(scene.entry(message))
      assert.deepEqual([scene.begin()?.kind, scene.begin()?.kind, scene.messages.size], ['drop', 'drop', 0])
    })

    it('does not remove what is being sent', async () => {
      const message = await sent('example.com')
      assert.equal(await scene.keeper.drop(scene.entry(message)), false)
      scene.fail(message.file)
      assert.equal(await scene.keeper.drop(scene.entry(message)), true)
    })

    it('hears when a file cannot be removed, and it is not forgotten', async () => {
      const [message] = await waiting('example.com')
      assert.ok(message !== undefined)
      scene.stuck.add(message.file)
      await assert.rejects(scene.keeper.drop(scene.entry(message)), /EPERM/)
      assert.deepEqual([scene.keeper.index.forDomain('example.com', false).length, timersOf(message)], [1, 1])
      scene.pass(HOUR)
      assert.deepEqual(await scene.work(), [message.id])
    })
  })
})

/** A keeper for which nothing can be loaded. */
function makeFailing(scene: Scene): { keeper: Scene['keeper']; parked: [string, number][]; problems: string[] } {
  const parked: [string, number][] = []
  const problems: string[] = []
  const keeper = createKeeper({
    park: (file, forMs) => parked.push([file, forMs]),
    unpark: () => false,
    start: () => Promise.reject(new Error('no memory')),
    remove: () => Promise.resolve(),
    readHeaders: (files) => Promise.resolve(files.map(() => ({ domain: 'example.com', local: false, bytes: 1 }))),
    decide: () => ({ kind: 'try' }),
    isHeld: () => false,
    problem: (text) => problems.push(text),
  })
  assert.notEqual(keeper, scene.keeper)
  return { keeper, parked, problems }
}
