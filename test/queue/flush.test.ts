import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { headerFor, keeperScene, type KeeperScene } from './flush-scene.js'

const DOMAIN = 'example.com'

/** One message that waits with its domain known. */
async function waiting(scene: KeeperScene, id = 1, domain = DOMAIN): Promise<string> {
  const file = scene.file(id)
  scene.keeper.waits(file, 0)
  await scene.answerHeaders(domain)
  return file
}

describe('ETRN and the queue of one process', () => {
  it('what waits is begun once, however often it is asked for', async () => {
    const scene = keeperScene()
    const file = await waiting(scene)
    assert.deepEqual(scene.keeper.flush(DOMAIN, false), { count: 1, running: false, complete: true })
    for (let more = 0; more < 10; more++) {
      assert.deepEqual(scene.keeper.flush(DOMAIN, false), { count: 0, running: true, complete: true })
    }
    assert.deepEqual(scene.started, [file])
  })

  it('what is delivered leaves nothing to ask for', async () => {
    const scene = keeperScene()
    const file = await waiting(scene)
    scene.keeper.flush(DOMAIN, false)
    scene.keeper.begins(file, headerFor(DOMAIN))
    scene.keeper.gone(file)
    assert.deepEqual(scene.keeper.flush(DOMAIN, false), { count: 0, running: false, complete: true })
  })

  it('what failed waits on, and can be asked for again', async () => {
    const scene = keeperScene()
    const file = await waiting(scene)
    scene.keeper.flush(DOMAIN, false)
    scene.keeper.begins(file, headerFor(DOMAIN))
    scene.keeper.failed(file, 'not there')
    const renamed = scene.file(1, 9_999_999_999_999)
    scene.keeper.waits(renamed, 9_999_999_999_999)
    assert.deepEqual(scene.started, [file], 'not by itself')
    assert.deepEqual(scene.keeper.flush(DOMAIN, false), { count: 1, running: false, complete: true })
    assert.deepEqual(scene.started, [file, renamed])
  })

  it('during an attempt: a second one only if that fails', async () => {
    const scene = keeperScene(() => ({ kind: 'try' }))
    const file = await waiting(scene)
    scene.keeper.begins(file, headerFor(DOMAIN))
    const before = scene.started.length
    assert.equal(scene.keeper.flush(DOMAIN, false).count, 1)
    assert.equal(scene.started.length, before)
    scene.keeper.failed(file, 'it hung up')
    const renamed = scene.file(1, 9_999_999_999_999)
    scene.keeper.waits(renamed, 9_999_999_999_999)
    assert.deepEqual(scene.started.slice(before), [renamed])
  })

  it('a new message that is in line already is not begun a second time', () => {
    const scene = keeperScene()
    scene.keeper.queued(scene.file(1), headerFor(DOMAIN))
    assert.equal(scene.keeper.flush(DOMAIN, false).count, 1)
    assert.deepEqual(scene.started, [])
    assert.deepEqual(scene.keeper.begins(scene.file(1), headerFor(DOMAIN)), { kind: 'try' }, 'though it is suspended')
  })

  it('sub-domains are for those who ask for them', async () => {
    const scene = keeperScene()
    await waiting(scene, 1, 'sub.example.com')
    await waiting(scene, 2, 'notexample.com')
    assert.equal(scene.keeper.flush(DOMAIN, false).count, 0)
    assert.equal(scene.keeper.flush(DOMAIN, true).count, 1)
  })

  it('while headers are read nothing is said to be all, and what is found is sent', async () => {
    const scene = keeperScene()
    const [early, late] = [scene.file(1), scene.file(2)]
    scene.keeper.waits(early, 0)
    scene.keeper.waits(late, 0)
    assert.deepEqual(scene.keeper.flush(DOMAIN, false), { count: 0, running: false, complete: false })
    await scene.answerHeaders(DOMAIN)
    assert.deepEqual(scene.started, [early, late])
  })

  it('the same while the directory is still being listed', async () => {
    const scene = keeperScene()
    const listed = scene.keeper.loading()
    assert.deepEqual(scene.keeper.flush(DOMAIN, false), { count: 0, running: false, complete: false })
    scene.keeper.waits(scene.file(1), 0)
    listed()
    assert.equal(scene.keeper.isComplete(), false)
    await scene.answerHeaders(DOMAIN)
    await new Promise((resolve) => setImmediate(resolve))
    assert.deepEqual([scene.keeper.isComplete(), scene.started], [true, [scene.file(1)]])
  })

  it('a flush from that time is forgotten when there was nothing to list', async () => {
    const scene = keeperScene()
    const listed = scene.keeper.loading()
    scene.keeper.flush(DOMAIN, false)
    listed()
    await waiting(scene)
    assert.deepEqual(scene.started, [], 'a later message waits for a later ETRN')
  })
})
