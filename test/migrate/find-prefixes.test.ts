import assert from 'node:assert/strict'
import { mkdirSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { describe, it } from 'node:test'
import { findCase, findPrefixes } from '../../lib/migrate/find-prefixes.js'
import { tempDir } from '../support/cleanup.js'

interface Row {
  readonly says: string
  /** Files below a directory of their own; a name that ends with / is a directory. */
  readonly there: readonly string[]
  readonly conf: string
  readonly written: readonly string[]
  readonly found: Readonly<Record<string, string>>
}

const ROWS: readonly Row[] = [
  {
    says: 'the dmail.conf lies in its directory',
    there: ['dmail/in/'],
    conf: 'dmail/dmail.conf',
    written: ['c:\\dmail\\in', 'c:\\dmail\\work'],
    found: { 'c:\\dmail': 'dmail' },
  },
  {
    says: 'the directory has another name now',
    there: ['old/in/'],
    conf: 'old/dmail.conf',
    written: ['c:\\dmail\\in'],
    found: { 'c:\\dmail': 'old' },
  },
  {
    says: 'the whole drive was copied, the dmail.conf where Windows has it',
    there: ['c/dmail/in/', 'c/winnt/system32/'],
    conf: 'c/winnt/system32/dmail.conf',
    written: ['c:\\dmail\\in'],
    found: { 'c:': 'c' },
  },
  {
    says: 'case does not count',
    there: ['old/IN/'],
    conf: 'old/dmail.conf',
    written: ['C:\\DMail\\In'],
    found: { 'C:\\DMail': 'old' },
  },
  {
    says: 'the longest end that is there counts, not the nearest directory',
    there: ['old/in/', 'mail/in/'],
    conf: 'old/dmail.conf',
    written: ['c:\\mail\\in'],
    found: { 'c:': '' },
  },
  {
    says: 'two trees have two prefixes',
    there: ['old/in/', 'old/port/box/'],
    conf: 'old/dmail.conf',
    written: ['c:\\dmail\\in', 'd:\\mail\\port\\box'],
    found: { 'c:\\dmail': 'old', 'd:\\mail': 'old' },
  },
  {
    says: 'a share of another server is a prefix, too',
    there: ['old/in/'],
    conf: 'old/dmail.conf',
    written: ['\\\\server\\share\\in'],
    found: { '\\\\server\\share': 'old' },
  },
  { says: 'nothing is there', there: ['old/'], conf: 'old/dmail.conf', written: ['c:\\dmail\\in'], found: {} },
]

function tree(names: readonly string[]): string {
  const top = tempDir('prefixes')
  for (const name of names) {
    mkdirSync(path.join(top, name.endsWith('/') ? name : path.dirname(name)), { recursive: true })
    if (!name.endsWith('/')) writeFileSync(path.join(top, name), '')
  }
  return top
}

describe('where directories of the old machine are', () => {
  for (const { says, there, conf, written, found } of ROWS) {
    it(says, async () => {
      const top = tree(there)
      const prefixes = await findPrefixes(written, path.join(top, conf), () => false)
      assert.deepEqual(Object.fromEntries(prefixes.map(({ from, to }) => [from, path.relative(top, to)])), found)
    })
  }

  it('is not asked for what has a place already', async () => {
    const top = tree(['old/in/'])
    assert.deepEqual(await findPrefixes(['c:\\dmail\\in'], path.join(top, 'old/dmail.conf'), () => true), [])
  })
})

describe('a name without regard to case', () => {
  it('is the exact one where there is one', async () => {
    const top = tree(['Users.txt', 'users.txt'])
    assert.equal(await findCase(top, ['users.txt']), path.join(top, 'users.txt'))
  })

  it('is none where two would do', async () => {
    const top = tree(['Users.txt', 'USERS.txt'])
    assert.equal(await findCase(top, ['users.txt']), undefined)
  })
})
