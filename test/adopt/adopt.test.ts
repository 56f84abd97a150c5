import assert from 'node:assert/strict'
import { linkSync, mkdirSync, readdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { beforeEach, describe, it } from 'node:test'
import { ADOPTION_FILE, markText, NODE_FILE, STAGING, takenName } from '../../lib/adopt/marks.js'
import { REASON_DIRECTORY } from '../../lib/queue/reason-files.js'
import { readFileName } from '../../lib/queue/file-name.js'
import { Refusal } from '../../lib/control/handlers.js'
import { errorText } from '../../lib/error.js'
import { tempDir } from '../support/cleanup.js'
import { adopterOf, DEAD, mailIn, mailName, makeQueue } from './fixture.js'

const NOTHING = { held: new Set<string>(), suspensions: 0 }
const idOf = (n: number): string => readFileName(mailName(n))?.id ?? ''

async function refused(act: Promise<unknown>): Promise<string> {
  try {
    await act
  } catch (error) {
    assert.ok(error instanceof Refusal, errorText(error))
    return `${error.message}\n${error.hint}`
  }
  return assert.fail('it was not refused')
}

describe('what is taken over', () => {
  let own = ''
  let from = ''
  let haraka = ''
  const take = (more = {}, force = false, named = from) => adopterOf(own, more).adopt(named, force, () => undefined)
  beforeEach(() => {
    own = makeQueue(tempDir('adopt-own'), 0)
    haraka = tempDir('adopt-from')
    from = makeQueue(haraka, 3)
  })

  it('is all mail, and nothing else; the rest is counted', async () => {
    writeFileSync(path.join(from, 'error.1795576076007_1795576076007_0_9_7jlPcA_12_host'), 'x')
    writeFileSync(path.join(from, '__tmp__.1795576076007_1795576076007_0_9_7jlPcB_12_host'), 'x')
    symlinkSync('/etc/passwd', path.join(from, mailName(50)))
    mkdirSync(path.join(from, mailName(51)))
    writeFileSync(path.join(haraka, 'secret'), 'x')
    linkSync(path.join(haraka, 'secret'), path.join(from, mailName(52)))
    const { adopted, left, unfinished, stopped, node } = await take()
    assert.deepEqual([adopted, unfinished, stopped, node], [3, 1, '', 'dead'])
    assert.deepEqual(
      left.map(({ why, count }) => [why, count]),
      [
        ['is no queue file', 1],
        ['is no regular file', 2],
        ['has another name too (a hard link)', 1],
      ],
    )
    assert.deepEqual(mailIn(own), ['mail 0', 'mail 1', 'mail 2'])
    assert.equal(readdirSync(from).length, 6)
  })

  it('may be named by its Haraka directory', async () => {
    const { adopted, directory } = await take({}, false, haraka)
    assert.deepEqual([adopted, directory], [3, from])
  })

  it('is not what is in this queue already, as with a copy of a disk', async () => {
    writeFileSync(path.join(own, mailName(1)), 'mail 1')
    const { adopted, left } = await take()
    assert.equal(adopted, 2)
    assert.deepEqual(left, [{ why: 'is in this queue already', count: 1, files: [mailName(1)] }])
    assert.deepEqual(mailIn(own), ['mail 0', 'mail 1', 'mail 2'])
  })

  it('also what its node had taken from others and not yet had in its queue', async () => {
    const stage = path.join(from, STAGING, '0123456789abcdef')
    mkdirSync(stage, { recursive: true })
    writeFileSync(path.join(stage, mailName(7)), 'mail 7')
    writeFileSync(path.join(stage, `copy.${mailName(8)}`), 'mail 8')
    const { adopted, left } = await take()
    assert.equal(adopted, 4)
    assert.match(left[0]?.why ?? '', /take over the other queue too/)
    assert.ok(mailIn(own).includes('mail 7'))
  })

  it('what another has of it that died is named, not taken', async () => {
    const taken = path.join(from, takenName('0123456789abcdef'))
    mkdirSync(taken)
    writeFileSync(path.join(taken, mailName(9)), 'mail 9')
    const { adopted, left } = await take()
    assert.equal(adopted, 3)
    assert.match(left[0]?.why ?? '', /another node was taking over when it died/)
    assert.deepEqual(readdirSync(taken), [mailName(9)])
  })

  it('what stands in the place of a directory of the suite holds up nothing, and is named', async () => {
    writeFileSync(path.join(from, takenName('0123456789abcdef')), '')
    symlinkSync(tempDir('adopt-elsewhere'), path.join(from, STAGING))
    const { adopted, left, stopped } = await take()
    assert.deepEqual([adopted, stopped], [3, ''])
    assert.deepEqual(left, [{ why: 'is no directory', count: 2, files: [takenName('0123456789abcdef'), STAGING] }])
    assert.deepEqual(readdirSync(from).sort(), [STAGING, takenName('0123456789abcdef'), NODE_FILE].sort())
  })

  it('a link for mail that it was taking over is not followed', async () => {
    const elsewhere = tempDir('adopt-elsewhere')
    writeFileSync(path.join(elsewhere, mailName(7)), 'mail 7')
    mkdirSync(path.join(from, STAGING))
    symlinkSync(elsewhere, path.join(from, STAGING, '0123456789abcdef'))
    assert.equal((await take()).adopted, 3)
    assert.deepEqual(readdirSync(elsewhere), [mailName(7)])
  })

  it('its holds are in force before any of it is in the queue, its reasons come along', async () => {
    mkdirSync(path.join(haraka, REASON_DIRECTORY))
    const file = path.join(haraka, REASON_DIRECTORY, '0123456789ab.77.1')
    writeFileSync(file, `${idOf(0)} 450 busy\n${idOf(9)} not here\n${idOf(0)} 451 busier\n`)
    const steps: string[] = []
    const { held } = await take({
      inherit: (whose: string, ids: ReadonlySet<string>) => {
        steps.push(`inherit of ${String(whose === haraka)}: ${ids.size}`)
        return Promise.resolve({ held: new Set([idOf(2)]), suspensions: 0 })
      },
      enter: (stage: string, files: readonly { file: string; reason: string }[]) => {
        for (const { file: name, reason } of files) {
          renameSync(path.join(stage, name), path.join(own, name))
          if (reason !== '') steps.push(`enter ${reason}`)
        }
        return Promise.resolve()
      },
    })
    assert.deepEqual([held, steps], [1, ['inherit of true: 3', 'enter 451 busier']])
  })

  it('where no process takes them they are on their way, and enter with the next start', async () => {
    const { adopted, stopped } = await take({ enter: () => Promise.reject(new Error('no worker is there')) })
    assert.deepEqual([adopted, stopped], [0, 'no worker is there'])
    assert.deepEqual([mailIn(own), mailIn(from)], [[], []])
    await adopterOf(own).resume()
    assert.deepEqual(mailIn(own), ['mail 0', 'mail 1', 'mail 2'])
    assert.deepEqual(readdirSync(own), [...[0, 1, 2].map((n) => mailName(n)), NODE_FILE])
  })

  it('goes on when its own node took it back meanwhile, without what that has', async () => {
    let first = true
    const known = (): Promise<ReadonlySet<string>> => {
      if (first) rmSync(path.join(from, ADOPTION_FILE))
      first = false
      return Promise.resolve(new Set())
    }
    for (let n = 3; n < 300; n++) writeFileSync(path.join(from, mailName(n, `m${n}`)), `mail ${n}`)
    const { stopped, adopted } = await take({ known })
    assert.match(stopped, /not ours any more/)
    assert.equal(adopted, 256)
    assert.equal(mailIn(own).length + mailIn(from).length, 300)
  })

  it('one at a time', async () => {
    let go = (): void => undefined
    const wait = new Promise<void>((resolve) => {
      go = resolve
    })
    const adopter = adopterOf(own, { ready: () => wait })
    const first = adopter.adopt(from, false, () => undefined)
    assert.match(await refused(adopter.adopt(from, false, () => undefined)), /being taken over already/)
    go()
    assert.equal((await first).adopted, 3)
  })
})

describe('what is refused', () => {
  const own = makeQueue(tempDir('adopt-own'), 0)
  const rows: readonly (readonly [string, (dir: string) => string, RegExp])[] = [
    ['its own queue', () => own, /is the queue of this Haraka itself/],
    ['its own Haraka directory', () => path.dirname(own), /is the queue of this Haraka itself/],
    [
      'a part of its own queue',
      () => (mkdirSync(path.join(own, STAGING), { recursive: true }), path.join(own, STAGING)),
      /is a part of the queue/,
    ],
    ['what is not there', (dir) => path.join(dir, 'none'), /there is no such directory/],
    ['a file', (dir) => (writeFileSync(path.join(dir, 'f'), ''), path.join(dir, 'f')), /is no directory/],
    [
      'a link',
      (dir) => (symlinkSync(makeQueue(dir, 1), path.join(dir, 'l')), path.join(dir, 'l')),
      /is a symbolic link[^]*name the directory itself/,
    ],
    ['a directory that is no queue', (dir) => dir, /is no queue directory/],
    [
      'a queue with no mark',
      (dir) => (rmSync(path.join(makeQueue(dir, 1), NODE_FILE)), dir),
      /nothing in it says whose queue it is[^]*--force/,
    ],
    [
      'one with a damaged mark',
      (dir) => (writeFileSync(path.join(makeQueue(dir, 1), NODE_FILE), '{'), dir),
      /nothing in it says whose/,
    ],
    [
      'one whose Haraka directory is elsewhere',
      (dir) => (
        rmSync(path.join(path.dirname(makeQueue(dir, 1)), 'config'), { recursive: true }),
        path.join(dir, 'queue')
      ),
      /its Haraka directory is not there/,
    ],
    [
      'one that another has begun with, who cannot be known',
      (dir) => {
        writeFileSync(path.join(makeQueue(dir, 1), ADOPTION_FILE), 'x')
        return dir
      },
      /another has begun to take it over: .* is damaged/,
    ],
  ]
  for (const [title, make, why] of rows) {
    it(title, async () => {
      const dir = tempDir('adopt-no')
      const named = make(dir)
      const before = readdirSync(dir, { recursive: true })
      assert.match(await refused(adopterOf(own).adopt(named, false, () => undefined)), why)
      assert.deepEqual(readdirSync(dir, { recursive: true }), before)
    })
  }

  it('a node that starts just when its queue is marked, which is free again then', async () => {
    const dir = tempDir('adopt-no')
    const from = makeQueue(dir, 1)
    let looks = 0
    const sight = () => {
      const roll = ++looks === 1 ? [] : [{ node: 'dead', owner: 'dead', alive: true, ageMs: 10 }]
      return Promise.resolve({ host: 'here', runs: false, roll, prefix: 'dmail', renewed: false })
    }
    assert.match(await refused(adopterOf(own, { sight }).adopt(from, false, () => undefined)), /node dead lives/)
    assert.deepEqual(readdirSync(from).sort(), [mailName(0), NODE_FILE].sort())
  })

  it('by force it is taken where nobody can tell, and of one that died in the middle', async () => {
    const from = makeQueue(tempDir('adopt-yes'), 2)
    writeFileSync(path.join(from, NODE_FILE), markText({ ...DEAD, prefix: 'other', haraka: '..' }))
    writeFileSync(path.join(from, ADOPTION_FILE), markText({ ...DEAD, owner: 'third', key: '0123456789abcdef' }))
    const adopter = adopterOf(own, { inherit: () => Promise.resolve(NOTHING) })
    assert.match(await refused(adopter.adopt(from, false, () => undefined)), /nobody can tell/)
    assert.equal((await adopter.adopt(from, true, () => undefined)).adopted, 2)
    assert.deepEqual(readdirSync(from), [NODE_FILE])
  })
})
