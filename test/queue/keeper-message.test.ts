import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { setImmediate as turn } from 'node:timers/promises'
import { createKeeper, type Keeper } from '../../lib/queue/keeper.js'
import { HOUR, useScene } from './keeper-scene.js'

describe('the keeper: a message', () => {
  const at = useScene()

  it('that is new is tried at once', () => {
    const message = at.scene.arrives('example.com')
    assert.equal(at.scene.entry(message).stage, 'starting')
    assert.deepEqual(at.scene.begin(), { kind: 'try' })
    assert.deepEqual([at.scene.entry(message).stage, at.scene.timers.size], ['sending', 0])
    at.scene.succeed(message.file)
    assert.deepEqual([at.scene.keeper.index.size, at.scene.keeper.index.forDomain('example.com', false)], [0, []])
  })

  it('that fails waits for its next try, under its new name', () => {
    const message = at.scene.arrives('example.com')
    at.scene.begin()
    at.scene.fail(message.file, 2 * HOUR)
    const { file, stage, wait, attempts, dueMs, reason } = at.scene.entry(message)
    assert.deepEqual(
      [file, stage, wait, attempts, dueMs, reason],
      [message.file, 'waiting', 'retry', 1, at.scene.now + 2 * HOUR, '450 later'],
    )
    assert.deepEqual([...at.scene.timers.keys()], [message.file])
  })

  it('that is due is loaded and tried', async () => {
    const [message] = await at.waiting('example.com')
    at.scene.pass(HOUR - 1)
    assert.deepEqual(at.scene.loading, [])
    at.scene.pass(1)
    assert.deepEqual([at.scene.loading, at.scene.timers.size], [[message?.file], 0])
    assert.deepEqual(await at.scene.work(), [message?.id])
  })

  it('that was due when the server started is tried as soon as it is known', async () => {
    at.scene.existing('example.com', 0)
    at.scene.pass(0)
    assert.deepEqual(at.scene.loading, [])
    await at.known()
    assert.equal((await at.scene.work()).length, 1)
  })

  it('whose file is gone when its time comes is forgotten', async () => {
    const [message] = await at.waiting('example.com')
    at.scene.messages.clear()
    at.scene.pass(HOUR)
    await at.scene.load(message?.file)
    assert.deepEqual([at.scene.keeper.index.size, at.scene.line], [0, []])
  })

  it('whose file cannot be loaded is looked at again in a minute', async () => {
    const [message] = await at.waiting('example.com')
    assert.ok(message !== undefined)
    const failing = makeFailing()
    failing.keeper.waits(message.file, at.scene.now)
    failing.keeper.due(message.file)
    await turn()
    await turn()
    assert.deepEqual(failing.parked, [[message.file, 60_000]])
    assert.equal(failing.keeper.index.find(message.file)?.stage, 'waiting')
    assert.match(failing.problems.join(), /could not be read: Error: no memory/)
  })

  it('with a name of an old Haraka is tried nevertheless', async () => {
    const old = '1484878079415_0_12345_8888.mta1.example.com'
    at.scene.keeper.waits(old, at.scene.now)
    at.scene.keeper.due(old)
    assert.deepEqual(at.scene.loading, [old])
    assert.deepEqual(at.scene.keeper.begins(old, { domain: 'x', local: false, bytes: 1 }), { kind: 'try' })
    await at.scene.load(old)
    at.scene.keeper.failed(old, 'later')
    at.scene.keeper.due(old)
    assert.deepEqual(at.scene.loading, [old], 'its place is free again')
  })

  it('that Haraka itself puts in line loses its timer', async () => {
    const [message] = await at.waiting('example.com')
    at.scene.keeper.queued(message?.file ?? '', undefined)
    assert.equal(at.scene.timers.size, 0)
  })

  it('whose header comes late is known from then on', async () => {
    const [message] = await at.waiting('example.com')
    at.scene.keeper.learn(message?.file ?? '', { domain: 'domain1.com', local: true, bytes: 7 })
    at.scene.keeper.learn(message?.file ?? '', undefined)
    assert.deepEqual(
      at.scene.keeper.index.forDomain('domain1.com', false).map(({ bytes }) => bytes),
      [7],
    )
  })

  it('that got another name is not forgotten for the old one', async () => {
    const message = await at.sent('example.com')
    const { file } = message
    at.scene.fail(file)
    at.scene.keeper.gone(file)
    assert.equal(at.scene.entry(message).file, message.file)
  })
})

/** A keeper for which nothing can be loaded. */
function makeFailing(): { keeper: Keeper; parked: [string, number][]; problems: string[] } {
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
  return { keeper, parked, problems }
}
