import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { HOUR, useScene } from './keeper-scene.js'

describe('the keeper: an operator', () => {
  const at = useScene()

  it('holds a message: it is not tried, and not sent by hand', async () => {
    const [message] = await at.waiting('example.com')
    assert.ok(message !== undefined)
    at.scene.held.add(message.id)
    await at.scene.keeper.reconsider()
    at.scene.pass(HOUR)
    assert.equal(at.scene.entry(message).wait, 'held')
    assert.equal(at.scene.keeper.send(at.scene.entry(message)), false)
    assert.deepEqual([at.scene.loading, at.timersOf(message)], [[], 1])
    at.scene.held.clear()
    await at.scene.keeper.reconsider()
    assert.deepEqual(await at.scene.work(), [message.id])
  })

  it('holds what is in line: its turn passes', () => {
    const message = at.scene.arrives('example.com')
    at.scene.keeper.flush('example.com', false)
    at.scene.held.add(message.id)
    assert.equal(at.scene.begin()?.kind, 'wait')
    assert.deepEqual(
      [at.scene.entry(message).wait, at.scene.entry(message).flushing, at.timersOf(message)],
      ['held', false, 1],
    )
  })

  it('removes what waits', async () => {
    const [message] = await at.waiting('example.com')
    assert.ok(message !== undefined)
    assert.equal(await at.scene.keeper.drop(at.scene.entry(message)), true)
    assert.deepEqual([at.scene.messages.size, at.scene.timers.size, at.scene.keeper.index.size], [0, 0, 0])
  })

  it('removes what waits for a place', async () => {
    const [message] = await at.waiting('example.com')
    assert.ok(message !== undefined)
    at.scene.pass(HOUR)
    assert.equal(await at.scene.keeper.drop(at.scene.entry(message)), true)
    assert.deepEqual(await at.scene.work(), [])
    assert.deepEqual([at.scene.messages.size, at.scene.timers.size, at.scene.keeper.index.size], [0, 0, 0])
  })

  it('removes what is in line, held or suspended as it may be', async () => {
    const messages = [at.scene.arrives('example.com'), at.scene.arrives('domain1.com')]
    at.scene.held.add(messages[0]?.id ?? '')
    at.scene.suspended.set('domain1.com', Infinity)
    for (const message of messages) await at.scene.keeper.drop(at.scene.entry(message))
    assert.deepEqual([at.scene.begin()?.kind, at.scene.begin()?.kind, at.scene.messages.size], ['drop', 'drop', 0])
  })

  it('does not remove what is being sent', async () => {
    const message = await at.sent('example.com')
    assert.equal(await at.scene.keeper.drop(at.scene.entry(message)), false)
    at.scene.fail(message.file)
    assert.equal(await at.scene.keeper.drop(at.scene.entry(message)), true)
  })

  it('hears when a file cannot be removed, and it is not forgotten', async () => {
    const [message] = await at.waiting('example.com')
    assert.ok(message !== undefined)
    at.scene.stuck.add(message.file)
    await assert.rejects(at.scene.keeper.drop(at.scene.entry(message)), /EPERM/)
    assert.deepEqual([at.scene.keeper.index.forDomain('example.com', false).length, at.timersOf(message)], [1, 1])
    at.scene.pass(HOUR)
    assert.deepEqual(await at.scene.work(), [message.id])
  })
})
