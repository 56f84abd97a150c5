import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import {
  chmodSync,
  chownSync,
  lchownSync,
  mkdirSync,
  mkdtempSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { after, describe, it } from 'node:test'
import { readForwardFile } from '../../lib/suite/forward-file-reader.js'

const ME = process.geteuid?.() ?? 0
const isRoot = ME === 0
/** Somebody else: a uid that a file can be given to by root only. */
const SOMEBODY = 54_321
const NOBODY_ELSE = isRoot ? false : 'only root can give files away'

describe('R13: which forward files are trusted', () => {
  // On some systems the directory of temporary files is itself a link.
  const dir = realpathSync(mkdtempSync(path.join(tmpdir(), 'dmail-forward-')))
  after(() => {
    rmSync(dir, { recursive: true, force: true })
  })

  let count = 0
  function write(text: string, mode = 0o644): string {
    const file = path.join(dir, `forward${count++}`)
    writeFileSync(file, text)
    chmodSync(file, mode)
    return file
  }

  function reason(file: string, owner: number | undefined = ME): string {
    const read = readForwardFile(file, owner)
    return read.kind === 'ignored' ? read.reason : JSON.stringify(read)
  }

  it('one of the user that only the user can write', () => {
    assert.deepEqual(readForwardFile(write('fred@domain2.com\n'), ME), {
      kind: 'text',
      text: 'fred@domain2.com\n',
    })
  })

  it('for a user without a uid one of the account the server runs as', () => {
    assert.deepEqual(readForwardFile(write('fred'), undefined), { kind: 'text', text: 'fred' })
  })

  it('there may be none', () => {
    assert.deepEqual(readForwardFile(path.join(dir, 'none'), ME), { kind: 'absent' })
    assert.deepEqual(readForwardFile(path.join(write(''), 'below-a-file'), ME), { kind: 'absent' })
  })

  it('an empty one is read', () => {
    assert.deepEqual(readForwardFile(write(''), ME), { kind: 'text', text: '' })
  })

  for (const mode of [0o664, 0o646, 0o666, 0o620, 0o602]) {
    it(`not one of mode ${mode.toString(8)}`, () => {
      assert.match(reason(write('fred', mode)), /others than its owner can write/)
    })
  }

  it('one of 64 KiB, not one byte more', () => {
    const full = 'x'.repeat(64 * 1024)
    assert.deepEqual(readForwardFile(write(full), ME), { kind: 'text', text: full })
    assert.match(reason(write(`${full}x`)), /larger than 65536 bytes/)
  })

  it('no symbolic link', () => {
    const link = path.join(dir, 'link')
    symlinkSync(write('fred'), link)
    assert.match(reason(link), /symbolic link/)
  })

  it('no directory', () => {
    const folder = path.join(dir, 'folder')
    mkdirSync(folder)
    assert.match(reason(folder), /ignored/)
  })

  it('no FIFO, and nobody waits for a writer', () => {
    const fifo = path.join(dir, 'fifo')
    execFileSync('mkfifo', [fifo])
    assert.match(reason(fifo), /ignored/)
  })

  it('no device', () => {
    assert.match(reason('/dev/null', 0), /ignored/)
  })

  it('in a folder that is a link of the user', () => {
    mkdirSync(path.join(dir, 'real'))
    writeFileSync(path.join(dir, 'real/.forward'), 'fred', { mode: 0o644 })
    symlinkSync(path.join(dir, 'real'), path.join(dir, 'home'))
    assert.deepEqual(readForwardFile(path.join(dir, 'home/.forward'), ME), { kind: 'text', text: 'fred' })
  })

  it('one that names a file that is not the own: read as what it is, text', () => {
    assert.deepEqual(readForwardFile(write('\0\u00ff'), ME), { kind: 'text', text: '\0\u00ff' })
  })

  it('not one of somebody else', { skip: NOBODY_ELSE }, () => {
    const file = write('fred')
    chownSync(file, SOMEBODY, SOMEBODY)
    assert.match(reason(file, 12_345), /somebody else/)
    assert.match(reason(file, undefined), /somebody else/)
    assert.deepEqual(readForwardFile(file, SOMEBODY), { kind: 'text', text: 'fred' })
  })

  it("one of root's, for any user", { skip: NOBODY_ELSE }, () => {
    assert.deepEqual(readForwardFile(write('fred'), 12_345), { kind: 'text', text: 'fred' })
  })

  it('not in a folder that is a link of somebody else', { skip: NOBODY_ELSE }, () => {
    mkdirSync(path.join(dir, 'real2'))
    const file = path.join(dir, 'real2/.forward')
    writeFileSync(file, 'fred', { mode: 0o644 })
    const link = path.join(dir, 'home2')
    symlinkSync(path.join(dir, 'real2'), link)
    lchownSync(link, SOMEBODY, SOMEBODY)
    assert.match(reason(path.join(link, '.forward')), /home2 is a symbolic link of somebody else/)
  })

  it('one the server may not read is ignored', { skip: isRoot ? 'root may read everything' : false }, () => {
    assert.match(reason(write('fred', 0o200)), /cannot be read \(EACCES\)/)
  })
})
