import assert from 'node:assert/strict'
import fs, { readdirSync } from 'node:fs'
import path from 'node:path'
import { it } from 'node:test'
import { tempDir } from '../support/cleanup.js'
import { adopterOf, mailIn, mailName, makeQueue } from './fixture.js'

function failure(code: string): Error {
  return Object.assign(new Error(`${code}: told so`), { code })
}

it('a disk that is damaged in some places keeps nothing but what lies there', async (t) => {
  const own = makeQueue(tempDir('adopt-own'), 0)
  const from = makeQueue(tempDir('adopt-from'), 6)
  const { rename, lstat, open } = fs.promises
  const isFrom = (file: unknown, n: number): boolean => file === path.join(from, mailName(n))
  // Two file systems.
  t.mock.method(fs.promises, 'rename', (source: string, target: string) =>
    path.dirname(source) === from && target.startsWith(own) ? Promise.reject(failure('EXDEV')) : rename(source, target),
  )
  t.mock.method(fs.promises, 'lstat', (file: string) =>
    isFrom(file, 1) ? Promise.reject(failure('EUCLEAN')) : lstat(file),
  )
  t.mock.method(fs.promises, 'open', async (file: string, how: number, mode?: number) => {
    if (isFrom(file, 2)) throw failure('EIO')
    const handle = await open(file, how, mode)
    if (isFrom(file, 3)) t.mock.method(handle, 'read', () => Promise.reject(failure('EIO')))
    return handle
  })
  const { adopted, left, stopped } = await adopterOf(own).adopt(from, false, () => undefined)
  assert.deepEqual([adopted, stopped], [3, ''])
  assert.deepEqual(
    new Map(left.map(({ why, files }) => [why, files])),
    new Map([
      ['cannot be read (EUCLEAN)', [mailName(1)]],
      ['cannot be read (EIO)', [mailName(2), mailName(3)]],
    ]),
  )
  t.mock.restoreAll()
  assert.deepEqual(
    [mailIn(own), mailIn(from)],
    [
      ['mail 0', 'mail 4', 'mail 5'],
      ['mail 1', 'mail 2', 'mail 3'],
    ],
  )
  assert.equal(readdirSync(own).length, 4)
})
