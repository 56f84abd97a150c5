import assert from 'node:assert/strict'
import { chownSync, mkdirSync, readdirSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { beforeEach, describe, it } from 'node:test'
import { ADOPTION_FILE, NODE_FILE, STAGING } from '../../lib/adopt/marks.js'
import { openStaging } from '../../lib/adopt/staging.js'
import { tempDir } from '../support/cleanup.js'
import { adopterOf, mailIn, mailName, makeQueue } from './fixture.js'

describe('whoever took over a queue and died starts again', () => {
  let own = ''
  let from = ''
  beforeEach(() => {
    own = makeQueue(tempDir('adopt-own'), 0)
    from = makeQueue(tempDir('adopt-from'), 3)
  })

  /** Dies when it has marked the queue. */
  async function dieMarked(): Promise<void> {
    const step = (name: string): void => {
      if (name === 'marked') throw new Error('it dies')
    }
    await assert.rejects(
      adopterOf(own, { step }).adopt(from, false, () => undefined),
      /it dies/,
    )
    assert.ok(readdirSync(from).includes(ADOPTION_FILE))
  }

  it('goes on although another that took over this queue meanwhile removed the staging directory', async () => {
    await dieMarked()
    for (const name of readdirSync(path.join(own, STAGING))) {
      if (!name.endsWith('.json')) rmSync(path.join(own, STAGING, name), { recursive: true })
    }
    await adopterOf(own).resume()
    assert.deepEqual(mailIn(own), ['mail 0', 'mail 1', 'mail 2'])
    assert.deepEqual([readdirSync(from), readdirSync(own).length], [[NODE_FILE], 4])
  })

  it('does not go on when its node has started meanwhile, which has it back', async () => {
    await dieMarked()
    const [stage = ''] = readdirSync(path.join(own, STAGING)).filter((name) => !name.endsWith('.json'))
    renameSync(path.join(from, mailName(1)), path.join(own, STAGING, stage, mailName(1)))
    const roll = [{ node: 'dead', owner: 'dead', alive: true, ageMs: 10 }]
    const sight = () => Promise.resolve({ host: 'here', runs: false, roll, prefix: 'dmail', renewed: false })
    const lines: string[] = []
    await adopterOf(own, { sight, log: (_level, text) => lines.push(text) }).resume()
    assert.match(lines.join('\n'), /does not go on: node dead lives[^]*1 messages that were on their way are here/)
    assert.deepEqual([mailIn(own), mailIn(from)], [['mail 1'], ['mail 0', 'mail 2']])
    assert.deepEqual(
      [readdirSync(from).sort(), readdirSync(own).length],
      [[mailName(0), mailName(2), NODE_FILE].sort(), 2],
    )
  })

  it('what was begun goes on after a start also where an operator was faster with another', async () => {
    await dieMarked()
    const other = makeQueue(tempDir('adopt-from'), 0)
    writeFileSync(path.join(other, mailName(9)), 'mail 9')
    const adopter = adopterOf(own)
    const faster = adopter.adopt(other, false, () => undefined)
    await adopter.resume()
    assert.equal((await faster).adopted, 1)
    assert.deepEqual(mailIn(own), ['mail 0', 'mail 1', 'mail 2', 'mail 9'])
  })

  it('its staging directory is that of the account that has the queue, also where it was killed before it said so', (t) => {
    if (process.getuid?.() !== 0) {
      t.skip('root only gives directories away')
      return
    }
    mkdirSync(path.join(own, STAGING))
    chownSync(own, 4321, 4321)
    const { stage } = openStaging(own).begin(from)
    assert.deepEqual([statSync(path.join(own, STAGING)).uid, statSync(stage).uid], [4321, 4321])
  })
})
