import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { HOUR, YEAR, useScene } from './keeper-scene.js'

describe('the keeper: a suspended domain', () => {
  const at = useScene()

  it('is not tried, not even for the first time', () => {
    at.scene.suspended.set('example.com', Infinity)
    const message = at.scene.arrives('example.com')
    assert.equal(at.scene.begin()?.kind, 'wait')
    assert.deepEqual(
      [at.scene.entry(message).wait, at.scene.entry(message).stage, at.scene.sending.size],
      ['suspended', 'waiting', 0],
    )
    at.scene.pass(YEAR)
    assert.deepEqual([at.scene.loading, at.timersOf(message)], [[], 1])
  })

  it('is tried at once when that is lifted', async () => {
    at.scene.suspended.set('example.com', Infinity)
    const message = at.scene.arrives('example.com')
    at.scene.begin()
    await at.scene.keeper.reconsider()
    assert.deepEqual(at.scene.loading, [])
    at.scene.suspended.clear()
    await at.scene.keeper.reconsider()
    assert.equal(at.timersOf(message), 0)
    assert.deepEqual(await at.scene.work(), [message.id])
  })

  it('that was not due yet waits on for its time when that is lifted', async () => {
    at.scene.suspended.set('example.com', Infinity)
    const [message] = await at.waiting('example.com')
    at.scene.suspended.clear()
    await at.scene.keeper.reconsider()
    assert.deepEqual([at.scene.loading, at.scene.timers.get(message?.file ?? '')], [[], at.scene.now + HOUR])
  })

  it('is tried when its suspension ends by itself', async () => {
    at.scene.suspended.set('example.com', at.scene.now + 3 * HOUR)
    const message = at.scene.arrives('example.com')
    at.scene.begin()
    at.scene.pass(3 * HOUR)
    assert.deepEqual(await at.scene.work(), [message.id])
  })

  it('that is given an end afterwards is tried then', async () => {
    at.scene.suspended.set('example.com', Infinity)
    const message = at.scene.arrives('example.com')
    at.scene.begin()
    at.scene.suspended.set('example.com', at.scene.now + HOUR)
    await at.scene.keeper.reconsider()
    at.scene.pass(HOUR)
    assert.deepEqual(await at.scene.work(), [message.id])
  })

  it('and held: the suspension still has its end when it is released', async () => {
    at.scene.suspended.set('example.com', at.scene.now + HOUR)
    const message = at.scene.arrives('example.com')
    at.scene.held.add(message.id)
    at.scene.begin()
    assert.equal(at.scene.entry(message).wait, 'held')
    at.scene.held.clear()
    await at.scene.keeper.reconsider()
    assert.equal(at.scene.entry(message).wait, 'suspended')
    at.scene.pass(HOUR)
    assert.deepEqual(await at.scene.work(), [message.id])
  })

  it('stays as it is by looking at it again: no timer is set anew', async () => {
    at.scene.suspended.set('example.com', Infinity)
    const message = at.scene.arrives('example.com')
    at.scene.begin()
    const before = at.scene.timers.get(message.file)
    at.scene.pass(HOUR)
    await at.scene.keeper.reconsider()
    assert.equal(at.scene.timers.get(message.file), before)
  })

  it('that is lifted for thousands keeps nobody waiting for all of them', async () => {
    at.scene.suspended.set('example.com', Infinity)
    for (let n = 0; n < 5000; n++) at.scene.arrives('example.com')
    while (at.scene.line.length > 0) at.scene.begin()
    at.scene.suspended.clear()
    const done = at.scene.keeper.reconsider()
    const left = [...at.scene.keeper.index.all()].filter(({ stage }) => stage === 'waiting').length
    assert.ok(left > 0 && left < 5000, `${left} are left for later`)
    await done
    assert.deepEqual(
      [at.scene.timers.size, at.scene.loading.length],
      [0, 200],
      'and no more than 200 are loaded at once',
    )
  })
})
