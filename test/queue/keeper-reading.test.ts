import assert from 'node:assert/strict'
import { beforeEach, describe, it } from 'node:test'
import { setImmediate as turn } from 'node:timers/promises'
import { HOUR, useScene } from './keeper-scene.js'

describe('the keeper: while the queue is being read', () => {
  const at = useScene()

  beforeEach(() => {
    at.scene.reading = 'when told'
  })

  it('a flush says that not everything is known, and what is found is sent', async () => {
    const [one] = ['example.com', 'domain1.com'].map((domain) => at.scene.existing(domain, HOUR))
    assert.deepEqual(at.scene.keeper.flush('example.com', false), { count: 0, running: false, complete: false })
    await turn()
    at.scene.questions[0]?.answer(true)
    await at.known()
    assert.deepEqual(await at.scene.work(), [one?.id])
  })

  it('a flush with those below finds them too, and nothing else', async () => {
    const messages = ['example.com', 'a.b.example.com', 'badexample.com', 'com'].map((d) => at.scene.existing(d, HOUR))
    at.scene.keeper.flush('example.com', true)
    await turn()
    at.scene.questions[0]?.answer(true)
    await at.known()
    assert.deepEqual(
      await at.scene.work(),
      messages.slice(0, 2).map(({ id }) => id),
    )
  })

  it('a flush of what is read by then is not kept for what comes later', async () => {
    at.scene.existing('domain1.com', HOUR)
    at.scene.keeper.flush('example.com', false)
    await turn()
    at.scene.questions[0]?.answer(true)
    await at.known()
    const later = at.scene.existing('example.com', HOUR)
    await turn()
    at.scene.questions[0]?.answer(true)
    await at.known()
    assert.deepEqual([at.scene.loading, at.timersOf(later)], [[], 1])
  })

  it('held mail that is found is left', async () => {
    const message = at.scene.existing('example.com', HOUR)
    at.scene.held.add(message.id)
    at.scene.keeper.flush('example.com', false)
    await turn()
    at.scene.questions[0]?.answer(true)
    await at.known()
    assert.deepEqual([at.scene.loading, at.timersOf(message)], [[], 1])
  })

  it('what is due waits for its header, and is not tried if it is suspended', async () => {
    at.scene.suspended.set('example.com', Infinity)
    const message = at.scene.existing('example.com', 0)
    at.scene.pass(0)
    await turn()
    at.scene.questions[0]?.answer(true)
    await at.known()
    assert.deepEqual([at.scene.loading, at.scene.entry(message).wait, at.timersOf(message)], [[], 'suspended', 1])
  })

  it('headers are asked for some hundred at a time', async () => {
    for (let n = 0; n < 1001; n++) at.scene.existing('example.com', HOUR)
    const sizes: number[] = []
    while (!at.scene.keeper.isComplete()) {
      await turn()
      for (const question of [...at.scene.questions]) {
        sizes.push(question.files.length)
        question.answer(true)
      }
    }
    assert.deepEqual([sizes, at.scene.keeper.index.forDomain('example.com', false).length], [[500, 500, 1], 1001])
  })

  it('a read that fails is made once more', async () => {
    const message = at.scene.existing('example.com', HOUR)
    await turn()
    at.scene.questions[0]?.answer(false)
    await turn()
    at.scene.questions[0]?.answer(true)
    await at.known()
    assert.deepEqual([at.scene.entry(message).domain, at.scene.problems], ['example.com', []])
  })

  it('what cannot be read is tried when it is due, nothing waits for ever', async () => {
    const messages = [at.scene.existing('example.com', 0), at.scene.existing('example.com', HOUR)]
    at.scene.pass(0)
    for (let tries = 0; tries < 2; tries++) {
      await turn()
      at.scene.questions[0]?.answer(false)
    }
    await at.known()
    assert.match(at.scene.problems.join(), /^2 queue files could not be read, .* the thread ended$/)
    assert.deepEqual(at.scene.loading, [messages[0]?.file])
    at.scene.pass(HOUR)
    await turn()
    at.scene.questions[0]?.answer(true)
    await at.known()
    assert.deepEqual(
      await at.scene.work(),
      messages.map(({ id }) => id),
    )
  })

  it('a file that is gone meanwhile is no matter', async () => {
    const message = at.scene.existing('example.com', HOUR)
    await turn()
    at.scene.messages.clear()
    at.scene.keeper.gone(message.file)
    at.scene.questions[0]?.answer(true)
    await at.known()
    assert.deepEqual([at.scene.keeper.index.size, at.scene.problems], [0, []])
  })

  it('a message that is sent meanwhile is left alone', async () => {
    const message = at.scene.existing('example.com', HOUR)
    await turn()
    at.scene.keeper.send(at.scene.entry(message))
    await at.scene.load()
    at.scene.begin()
    at.scene.questions[0]?.answer(true)
    await at.known()
    assert.deepEqual([at.scene.entry(message).stage, at.scene.loading], ['sending', []])
  })
})
