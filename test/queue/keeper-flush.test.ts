import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { HOUR, YEAR, useScene } from './keeper-scene.js'

describe('the keeper: a flush', () => {
  const at = useScene()

  it('sends what waits for the domain, once, and no timer is left', async () => {
    const messages = await at.waiting('example.com', 'a.example.com', 'domain1.com', 'example.com')
    const [one, , , two] = messages
    assert.deepEqual(at.scene.keeper.flush('example.com', false), { count: 2, running: false, complete: true })
    assert.deepEqual(
      messages.map((message) => at.timersOf(message)),
      [0, 1, 1, 0],
    )
    assert.deepEqual(await at.scene.work(), [one?.id, two?.id])
    at.scene.pass(30 * 60_000)
    assert.deepEqual(at.scene.loading, [])
  })

  it('of a domain with those below sends both', async () => {
    await at.waiting('example.com', 'a.example.com', 'badexample.com')
    assert.equal(at.scene.keeper.flush('example.com', true).count, 2)
    assert.equal((await at.scene.work()).length, 2)
  })

  it('sends suspended mail, which waits again when it fails', async () => {
    at.scene.suspended.set('example.com', Infinity)
    const message = at.scene.arrives('example.com')
    at.scene.begin()
    assert.equal(at.scene.keeper.flush('example.com', false).count, 1)
    await at.scene.load()
    assert.deepEqual(at.scene.begin(), { kind: 'try' })
    at.scene.fail(message.file, HOUR)
    at.scene.pass(HOUR)
    assert.deepEqual([at.scene.loading, at.scene.entry(message).wait], [[], 'suspended'])
  })

  it('leaves what an operator holds', async () => {
    const [one, two] = await at.waiting('example.com', 'example.com')
    at.scene.held.add(one?.id ?? '')
    assert.equal(at.scene.keeper.flush('example.com', false).count, 1)
    assert.deepEqual(await at.scene.work(), [two?.id])
  })

  it('of nothing sends nothing', async () => {
    await at.waiting('example.com')
    assert.deepEqual(at.scene.keeper.flush('domain1.com', true), { count: 0, running: false, complete: true })
  })

  it('again while the first is not at its end does nothing and says so', async () => {
    const message = await at.sent('example.com')
    await at.waiting('example.com')
    at.scene.keeper.flush('example.com', false)
    assert.deepEqual(at.scene.keeper.flush('example.com', false), { count: 0, running: true, complete: true })
    await at.scene.work()
    assert.deepEqual(at.scene.keeper.flush('example.com', false), { count: 0, running: true, complete: true })
    at.scene.succeed(message.file)
    assert.deepEqual(at.scene.keeper.flush('example.com', false), { count: 0, running: false, complete: true })
  })

  it('ten times in a row sends each message once', async () => {
    const messages = await at.waiting('example.com', 'example.com', 'example.com')
    for (let times = 0; times < 10; times++) at.scene.keeper.flush('example.com', false)
    assert.deepEqual(
      await at.scene.work(),
      messages.map(({ id }) => id),
    )
    at.scene.pass(YEAR)
    assert.deepEqual(await at.scene.work(), [])
  })

  it('of what is in line already does not load it a second time', async () => {
    const message = at.scene.arrives('example.com')
    assert.deepEqual(at.scene.keeper.flush('example.com', false), { count: 1, running: false, complete: true })
    assert.deepEqual(at.scene.loading, [])
    assert.deepEqual(await at.scene.work(), [message.id])
  })

  it('during an attempt that fails makes another one at once, and no third', async () => {
    const message = await at.sent('example.com')
    assert.equal(at.scene.keeper.flush('example.com', false).count, 1)
    at.scene.fail(message.file)
    assert.deepEqual([at.scene.loading, at.timersOf(message)], [[message.file], 0])
    await at.scene.load()
    assert.deepEqual(at.scene.begin(), { kind: 'try' })
    at.scene.fail(message.file)
    assert.deepEqual([at.scene.loading, at.timersOf(message)], [[], 1])
    assert.equal(at.scene.keeper.flush('example.com', false).running, false, 'it is at its end')
  })

  it('during an attempt that succeeds makes no other', async () => {
    const message = await at.sent('example.com')
    at.scene.keeper.flush('example.com', false)
    at.scene.succeed(message.file)
    at.scene.pass(YEAR)
    assert.deepEqual([at.scene.loading, at.scene.timers.size], [[], 0])
  })

  it('goes before what is merely due', async () => {
    await at.waiting(...Array.from({ length: 300 }, () => 'domain1.com'), 'example.com')
    at.scene.pass(HOUR - 1)
    for (const entry of [...at.scene.keeper.index.all()].slice(0, 300)) at.scene.keeper.due(entry.file)
    assert.equal(at.scene.loading.length, 200)
    at.scene.keeper.flush('example.com', false)
    const last = [...at.scene.messages.values()].at(-1)
    assert.equal((await at.scene.work())[200], last?.id)
  })

  it('moves what is due already to the front', async () => {
    await at.waiting(...Array.from({ length: 300 }, () => 'domain1.com'), 'example.com')
    at.scene.pass(HOUR)
    at.scene.keeper.flush('example.com', false)
    const last = [...at.scene.messages.values()].at(-1)
    assert.equal((await at.scene.work())[200], last?.id)
  })
})
