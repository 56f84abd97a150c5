import assert from 'node:assert/strict'
import { readdirSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { it } from 'node:test'
import { mountSmallDisk } from '../faults/tmpfs.js'
import { NODE_FILE } from '../../lib/adopt/marks.js'
import { tempDir } from '../support/cleanup.js'
import { adopterOf, mailIn, mailName, makeQueue } from './fixture.js'

it('a full disk stops it: nothing is lost, its node may start again, and with room the rest comes', async (t) => {
  const own = makeQueue(tempDir('adopt-own'), 0)
  const disk = mountSmallDisk(own, 1024)
  if (disk === undefined) {
    t.skip('a file system cannot be mounted here')
    return
  }
  const from = makeQueue(tempDir('adopt-from'), 0)
  const mail = Array.from({ length: 40 }, (_, n) => `${String(n).padStart(2, '0')} ${'x'.repeat(64 * 1024)}`)
  mail.forEach((text, n) => {
    writeFileSync(path.join(from, mailName(n)), text)
  })
  const adopt = () => adopterOf(own).adopt(from, false, () => undefined)
  const { stopped, adopted } = await adopt()
  assert.match(stopped, /ENOSPC/)
  assert.equal(mailIn(own).length, adopted)
  assert.deepEqual([...mailIn(own), ...mailIn(from)].sort(), mail)
  assert.equal(readdirSync(from).length, mail.length - adopted + 1, 'no mark stays')
  disk.unmount()
  const again = await adopt()
  assert.deepEqual([again.stopped, again.adopted], ['', mail.length - adopted])
  assert.deepEqual(readdirSync(from), [NODE_FILE])
})
