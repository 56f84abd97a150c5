import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { summary } from './helpers.js'
import { withWriter, type Scene, type Turn } from './lanes.js'

const BUSY = { busy: true, holder: 'process 7 on mail1' } as const

function only({ turns }: Scene): Turn {
  const [turn] = turns
  assert.ok(turn !== undefined && turns.length === 1, `${turns.length} turns`)
  return turn
}

function work({ turns }: Scene): (readonly string[])[] {
  return turns.map((turn) => turn.work)
}

function outcomes({ ended }: Scene): string[] {
  return [...ended].map(([name, outcome]) => `${name} ${summary(outcome)}`)
}

describe('messages for drop files', () => {
  it('that come together go together, each file once, in the order they came', async (t) => {
    const scene = withWriter(t)
    scene.send('bob', '1')
    scene.send('fred', '2')
    scene.send('bob', '3')
    assert.deepEqual(work(scene), [])
    await scene.settle()
    assert.deepEqual(work(scene), [['bob: 1 3', 'fred: 2']])
    await only(scene).answer()
    assert.deepEqual(outcomes(scene), ['1 delivered', '3 delivered', '2 delivered'])
    assert.equal(scene.lanes.started, 1)
  })

  it('that come while a thread works go together next', async (t) => {
    const scene = withWriter(t)
    scene.send('bob', '1')
    await scene.settle()
    for (const [file, name] of [
      ['bob', '2'],
      ['fred', '3'],
      ['bob', '4'],
      ['fred', '5'],
    ] as const) {
      scene.send(file, name)
      await scene.settle()
    }
    assert.deepEqual(work(scene), [['bob: 1']])
    await only(scene).answer()
    assert.deepEqual(work(scene), [['fred: 3 5', 'bob: 2 4']])
    await only(scene).answer()
    assert.deepEqual(work(scene), [])
    assert.equal(scene.ended.size, 5)
    assert.equal(scene.lanes.started, 1)
  })

  it('get each its own outcome, and the first one the warnings', async (t) => {
    const scene = withWriter(t)
    scene.send('bob', '1')
    scene.send('bob', '2')
    await scene.settle()
    const full = { state: 'deferred', status: '4.2.2', text: '', detail: '' } as const
    await only(scene).answer({ bob: { outcomes: [{ state: 'delivered' }, full], warnings: ['look'] } })
    assert.deepEqual(outcomes(scene), ['1 delivered', '2 deferred 4.2.2'])
    assert.deepEqual(scene.warned, ['1: look'])
  })

  it('are written with the settings they came with', async (t) => {
    const scene = withWriter(t)
    scene.send('bob', '1')
    scene.send('bob', '2')
    scene.send('bob', '3', { fsync: false })
    scene.send('bob', '4')
    const seen: (readonly [string, boolean])[] = []
    await scene.settle()
    while (scene.turns.length > 0) {
      const turn = only(scene)
      seen.push(...turn.batches.map(({ target }, at) => [turn.work[at] ?? '', target.fsync] as const))
      await turn.answer()
    }
    assert.deepEqual(seen, [
      ['bob: 1 2', true],
      ['bob: 3', false],
      ['bob: 4', true],
    ])
  })
})

describe('what a thread is given at a time', () => {
  const MB = 1024 * 1024

  it('is at most 200 messages of one file', async (t) => {
    const scene = withWriter(t)
    const names = Array.from({ length: 450 }, (_, at) => String(at))
    for (const name of names) scene.send('bob', name)
    const sizes: number[] = []
    await scene.settle()
    while (scene.turns.length > 0) {
      sizes.push(only(scene).batches[0]?.jobs.length ?? 0)
      await only(scene).answer()
    }
    assert.deepEqual(sizes, [200, 200, 50])
    assert.deepEqual([...scene.ended.keys()], names)
  })

  it('is at most 200 messages of many files, and a part of the last file\u2019s', async (t) => {
    const scene = withWriter(t)
    for (let at = 0; at < 199; at++) scene.send(`user${at}`, 'x')
    for (const name of ['1', '2', '3']) scene.send('bob', name)
    await scene.settle()
    assert.equal(only(scene).work.length, 200)
    assert.equal(only(scene).work.at(-1), 'bob: 1')
    await only(scene).answer()
    assert.deepEqual(work(scene), [['bob: 2 3']])
  })

  const rows: readonly (readonly [string, readonly (number | 'file')[], readonly string[]])[] = [
    ['is at most 8 MB', [4 * MB, 4 * MB, 1], ['bob: 0 1', 'bob: 2']],
    ['is a single message where that is larger', [1, 9 * MB, 1], ['bob: 0', 'bob: 1', 'bob: 2']],
    [
      'is a single message where that comes from a file',
      [1, 'file', 'file', 1],
      ['bob: 0', 'bob: 1', 'bob: 2', 'bob: 3'],
    ],
  ]
  for (const [name, sizes, expected] of rows) {
    it(name, async (t) => {
      const scene = withWriter(t)
      for (const [at, size] of sizes.entries()) {
        const body = size === 'file' ? { path: '/queue/1', start: 0, dotStuffed: true } : Buffer.alloc(size)
        scene.send('bob', String(at), { body })
      }
      const seen: string[] = []
      await scene.settle()
      while (scene.turns.length > 0) {
        seen.push(...only(scene).work)
        await only(scene).answer()
      }
      assert.deepEqual(seen, expected)
    })
  }
})

describe('a drop file whose lock another program has', () => {
  it('is tried again soon, with what came meanwhile, and holds up no other file', async (t) => {
    const scene = withWriter(t)
    scene.send('bob', '1')
    scene.send('fred', '2')
    await scene.settle()
    await only(scene).answer({ bob: BUSY })
    assert.deepEqual(outcomes(scene), ['2 delivered'])
    assert.deepEqual(work(scene), [])
    scene.send('bob', '3')
    scene.send('fred', '4')
    await scene.settle()
    assert.deepEqual(work(scene), [['fred: 4']])
    await only(scene).answer()
    await scene.pass(19)
    assert.deepEqual(work(scene), [])
    await scene.pass(181)
    assert.deepEqual(work(scene), [['bob: 1 3']])
    await only(scene).answer()
    assert.deepEqual(outcomes(scene), ['2 delivered', '4 delivered', '1 delivered', '3 delivered'])
  })

  it('defers a message as busy when its time is up, and no other', async (t) => {
    const scene = withWriter(t)
    scene.send('bob', '1', { lockWaitMs: 1000 })
    scene.send('bob', '2', { lockWaitMs: 0 })
    scene.send('bob', '3', { lockWaitMs: 2000 })
    await scene.settle()
    await only(scene).answer({ bob: BUSY })
    assert.deepEqual(outcomes(scene), ['2 deferred 4.2.0'])
    assert.deepEqual(scene.ended.get('2'), {
      state: 'deferred',
      status: '4.2.0',
      text: 'the mailbox is busy',
      detail: 'the lock of bob is held by process 7 on mail1',
    })
    await scene.pass(999)
    await only(scene).answer({ bob: BUSY })
    assert.equal(scene.ended.size, 1)
    // One last try at the very end of its time.
    await scene.pass(1)
    await only(scene).answer({ bob: BUSY })
    assert.deepEqual(outcomes(scene), ['2 deferred 4.2.0', '1 deferred 4.2.0'])
    await scene.pass(200)
    assert.deepEqual(work(scene), [['bob: 3']])
    await only(scene).answer()
    assert.deepEqual(outcomes(scene), ['2 deferred 4.2.0', '1 deferred 4.2.0', '3 delivered'])
  })

  it('is as new when nobody waits for it any more', async (t) => {
    const scene = withWriter(t)
    scene.send('bob', '1', { lockWaitMs: 0 })
    await scene.settle()
    await only(scene).answer({ bob: BUSY })
    scene.send('bob', '2')
    await scene.settle()
    assert.deepEqual(work(scene), [['bob: 2']])
  })
})

describe('a drop file that is written to without pause', () => {
  it('is left alone for a moment every two seconds, and no other with it', async (t) => {
    const scene = withWriter(t)
    scene.send('bob', '0')
    await scene.settle()
    for (let at = 1; at <= 4; at++) {
      scene.send('bob', String(at))
      await scene.pass(500)
      await only(scene).answer()
    }
    assert.deepEqual(work(scene), [['bob: 4']])
    scene.send('bob', '5')
    await scene.pass(1)
    await only(scene).answer()
    assert.deepEqual(work(scene), [])
    scene.send('bob', '6')
    scene.send('fred', '7')
    await scene.pass(249)
    assert.deepEqual(work(scene), [['fred: 7']])
    await only(scene).answer()
    await scene.pass(1)
    assert.deepEqual(work(scene), [['bob: 5 6']])
    // And its next two seconds begin.
    scene.send('bob', '8')
    await scene.pass(500)
    await only(scene).answer()
    assert.deepEqual(work(scene), [['bob: 8']])
  })
})

describe('a thread', () => {
  it('that dies defers what it had, and another one goes on', async (t) => {
    const scene = withWriter(t)
    scene.send('bob', '1')
    scene.send('fred', '2')
    await scene.settle()
    scene.send('bob', '3')
    await scene.settle()
    await only(scene).die()
    assert.deepEqual(outcomes(scene), ['1 deferred 4.3.0', '2 deferred 4.3.0'])
    const first = scene.ended.get('1')
    assert.ok(first?.state === 'deferred')
    assert.equal(first.detail, 'cannot deliver to bob: the thread died')
    assert.deepEqual(work(scene), [['bob: 3']])
    assert.equal(only(scene).lane, 1)
    await only(scene).answer()
    assert.equal(scene.lanes.started, 2)
    assert.equal(scene.ended.size, 3)
  })

  it('that cannot be started defers what it should have had', async (t) => {
    const scene = withWriter(t)
    scene.lanes.startFails = true
    scene.send('bob', '1')
    scene.send('bob', '2', { fsync: false })
    scene.send('fred', '3')
    await scene.settle()
    assert.deepEqual(outcomes(scene).sort(), ['1 deferred 4.3.0', '2 deferred 4.3.0', '3 deferred 4.3.0'])
    scene.lanes.startFails = false
    scene.send('bob', '4')
    await scene.settle()
    await only(scene).answer()
    assert.equal(outcomes(scene).at(-1), '4 delivered')
  })

  it('that is stuck leaves the other files to another one, up to the most', async (t) => {
    const scene = withWriter(t, { usual: 1, most: 3 })
    scene.send('bob', '1')
    await scene.settle()
    scene.send('bob', '2')
    scene.send('fred', '3')
    await scene.pass(1000)
    assert.deepEqual(work(scene), [['bob: 1']])
    await scene.pass(1)
    assert.deepEqual(work(scene), [['bob: 1'], ['fred: 3']])
    scene.send('john', '4')
    await scene.pass(1001)
    assert.deepEqual(work(scene), [['bob: 1'], ['fred: 3'], ['john: 4']])
    scene.send('mary', '5')
    await scene.pass(5000)
    assert.equal(scene.turns.length, 3)
    assert.equal(scene.lanes.started, 3)
    // Whichever is free again takes the rest.
    await scene.turns[1]?.answer()
    assert.deepEqual(work(scene), [['bob: 1'], ['john: 4'], ['mary: 5']])
    assert.equal(scene.turns[2]?.lane, 1)
  })

  it('that was stuck is one too many afterwards: messages gather for one again', async (t) => {
    const scene = withWriter(t)
    scene.send('bob', '1')
    await scene.settle()
    scene.send('fred', '2')
    await scene.pass(1001)
    await scene.turns[0]?.answer()
    await only(scene).answer()
    scene.send('bob', '3')
    await scene.settle()
    scene.send('fred', '4')
    scene.send('john', '5')
    await scene.settle()
    assert.deepEqual(work(scene), [['bob: 3']])
    await only(scene).answer()
    assert.deepEqual(work(scene), [['fred: 4', 'john: 5']])
  })

  it('is closed with the writer', async (t) => {
    const scene = withWriter(t)
    scene.send('bob', '1')
    await scene.settle()
    await only(scene).answer()
    await scene.writer.close()
    assert.deepEqual(scene.lanes, { started: 1, closed: 1, startFails: false })
  })
})
