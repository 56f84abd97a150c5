import assert from 'node:assert/strict'
import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { hostname } from 'node:os'
import path from 'node:path'
import { describe, it } from 'node:test'
import { ADOPTION_FILE, markText, NODE_FILE, ownMark, readNodeMark, type AdoptionMark } from '../../lib/adopt/marks.js'
import { keepRenewed } from '../../lib/adopt/renewal.js'
import { NO_SEAT, type Seat } from '../../plugins/cluster.js'
import type { Logging } from '../../plugins/haraka/types.js'
import { markQueue } from '../../plugins/queue-mark.js'
import { tempDir } from '../support/cleanup.js'
import { DEAD, NO_PID } from './fixture.js'

const OWN = ownMark({ node: 'own', owner: 'own', prefix: 'dmail' })
const ADOPTER: AdoptionMark = { ...DEAD, node: 'heir', owner: 'heir', key: '0123456789abcdef' }

/** A node whose roll has the adopter, or not, or is out of reach. */
function seatWith(roll: 'lives' | 'dead' | 'away'): Seat {
  const nodes = roll === 'lives' ? [{ node: 'heir', owner: 'heir', alive: true, ageMs: 1000 }] : []
  const ask = (): Promise<unknown> => (roll === 'away' ? Promise.reject(new Error('away')) : Promise.resolve(nodes))
  return { ...NO_SEAT, cluster: () => ({ roll: ask }) } as unknown as Seat
}

async function start(
  mark: string | undefined,
  seat: Seat,
  meanwhile: (file: string) => void = () => undefined,
  before: (file: string) => void = () => undefined,
) {
  const haraka = tempDir('mark')
  const queue = path.join(haraka, 'queue')
  mkdirSync(queue)
  const file = path.join(queue, ADOPTION_FILE)
  if (mark !== undefined) writeFileSync(file, mark)
  before(file)
  const lines: string[] = []
  const log = {
    logerror: (text: string) => {
      lines.push(text)
      meanwhile(file)
    },
  } as unknown as Logging
  const module = { queue_dir: queue, ensure_queue_dir: () => Promise.resolve() }
  const held = await markQueue(module, haraka, OWN, seat, log, { waitMs: 600, lookMs: 20, watchMs: 200 })
  held.close()
  return { refused: held.refused, lines, marked: readNodeMark(path.join(queue, NODE_FILE)), stays: existsSync(file) }
}

describe('a Haraka starts with a queue', () => {
  it('and says there whose it is', async () => {
    const { refused, marked, lines } = await start(undefined, seatWith('dead'))
    assert.deepEqual([refused, lines], [undefined, []])
    assert.deepEqual(marked, { ...OWN, haraka: '..' })
    assert.deepEqual([marked.host, marked.pid], [hostname(), process.pid])
  })

  it('that is being taken over: not until that has ended', async () => {
    const { refused, lines, stays } = await start(markText(ADOPTER), seatWith('lives'))
    assert.match(refused ?? '', /being taken over by another Haraka: node heir lives[^]*dmail queue adopt/)
    assert.equal(lines.length, 1)
    assert.ok(stays)
  })

  it('that is being taken over: it waits for the end', async () => {
    const { refused, lines } = await start(markText(ADOPTER), seatWith('lives'), (file) => {
      rmSync(file)
    })
    assert.equal(refused, undefined)
    assert.equal(lines.length, 1)
  })

  it('that one who died was taking over: it takes it back, and says so', async () => {
    const { refused, lines, stays } = await start(markText(ADOPTER), seatWith('dead'))
    assert.equal(refused, undefined)
    assert.match(lines.join('\n'), /node heir died while it took over this queue[^]*dmail-adopted\.0123456789abcdef/)
    assert.equal(stays, false)
  })

  it('that one takes over who is cut off from Redis, and renews its mark: not, however long nobody has heard of it', async () => {
    const end: (() => void)[] = []
    const { refused, lines, stays } = await start(markText(ADOPTER), seatWith('dead'), undefined, (file) => {
      end.push(keepRenewed(file, 20))
    })
    for (const each of end) each()
    assert.match(refused ?? '', /being taken over by another Haraka: node heir lives: it has just renewed its mark/)
    assert.equal(lines.length, 1)
    assert.ok(stays)
  })

  it('that one was taking over of whom nobody can tell: not, and the log names the file', async () => {
    const { refused, stays } = await start(markText(ADOPTER), seatWith('away'))
    assert.match(
      refused ?? '',
      /nobody can tell whether node heir lives: Redis is away\. Remove \S+dmail-adoption\.json/,
    )
    assert.ok(stays)
  })

  it('outside of any cluster it goes by the process', async () => {
    const mark = { ...ADOPTER, node: '', prefix: '', host: hostname() }
    assert.match(
      (await start(markText({ ...mark, pid: process.ppid }), NO_SEAT)).refused ?? '',
      /process \d+ runs on this machine/,
    )
    assert.equal((await start(markText({ ...mark, pid: NO_PID }), NO_SEAT)).refused, undefined)
  })

  it('with a mark that cannot be understood: not', async () => {
    assert.match((await start('{', seatWith('dead'))).refused ?? '', /is damaged: remove it when no other/)
  })
})
