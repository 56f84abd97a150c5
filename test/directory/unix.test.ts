import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import test, { type TestContext } from 'node:test'
import { parseAccount, parseGroupId } from '../../lib/directory/passwd.js'
import { unixDirectory, type UnixOptions } from '../../lib/directory/unix.js'
import { detail, found } from './helpers.js'

const BOB = 'bob:x:1001:1002:Bob,,,:/home/bob:/bin/sh'

/** A directory asking a program whose text is `script`; `$1` is the data base, `$2` the key. */
function faked(t: TestContext, script: string | undefined, options: Partial<UnixOptions> = {}) {
  const dir = mkdtempSync(path.join(tmpdir(), 'dmail-unix-'))
  const files = { passwd: path.join(dir, 'passwd'), group: path.join(dir, 'group') }
  const getent = path.join(dir, 'getent')
  const asked = path.join(dir, 'asked')
  if (script !== undefined) {
    writeFileSync(getent, `#!/bin/sh\necho "$*" >> ${asked}\n${script}\n`, { mode: 0o755 })
  }
  writeFileSync(files.passwd, `root:x:0:0:root:/root:/bin/sh\n1234:x:7:7::/home/digits:/bin/sh\n${BOB}\n`)
  writeFileSync(files.group, 'root:x:0:\nmail:x:12:bob\n')
  const directory = unixDirectory({ timeoutMs: 20_000, getent, files, ...options })
  t.after(() => {
    directory.close()
    rmSync(dir, { recursive: true })
  })
  return { directory, asked: () => readFileSync(asked, 'utf8').trim().split('\n'), files }
}

function knows(passwd: string, group = 'exit 2'): string {
  return `case "$1 $2" in "passwd bob") echo '${passwd}';; "group mail") ${group};; *) exit 2;; esac`
}

test('the accounts of this machine', async (t) => {
  const directory = unixDirectory({ timeoutMs: 20_000 })
  t.after(() => {
    directory.close()
  })
  const root = found(await directory.lookup('root'))
  assert.equal(root.name, 'root')
  assert.equal(root.owner?.uid, 0)
  assert.ok(root.home === undefined || path.isAbsolute(root.home))
  assert.deepEqual(await directory.lookup('no_such_account_here'), { kind: 'unknown' })
  // A uid is no user name, whatever getent makes of it.
  assert.deepEqual(await directory.lookup('0'), { kind: 'unknown' })
  assert.deepEqual(await directory.lookup('+0'), { kind: 'unknown' })
})

test('a user has the group mail where there is one (D5)', async (t) => {
  const { directory, asked } = faked(t, knows(BOB, "echo 'mail:x:12:'"))
  assert.deepEqual(found(await directory.lookup('bob')), {
    name: 'bob',
    owner: { uid: 1001, gid: 12 },
    home: '/home/bob',
    fields: new Map(),
  })
  await directory.lookup('bob')
  assert.deepEqual(asked(), ['passwd bob', 'group mail', 'passwd bob'])
  directory.clear()
  await directory.lookup('bob')
  assert.deepEqual(asked().slice(3), ['passwd bob', 'group mail'])
})

test('else its own group', async (t) => {
  const { directory } = faked(t, knows(BOB))
  assert.deepEqual(found(await directory.lookup('bob')).owner, { uid: 1001, gid: 1002 })
})

test('a name is tried in lower case after the exact one (R18)', async (t) => {
  const { directory, asked } = faked(t, knows(BOB))
  assert.equal(found(await directory.lookup('Bob')).name, 'bob')
  assert.deepEqual(asked().slice(0, 2), ['passwd Bob', 'passwd bob'])
})

test('only "not found" means unknown (U1)', async (t) => {
  const rows: [text: string, script: string, outcome: RegExp | 'unknown'][] = [
    ['exit status 2 is unknown', 'exit 2', 'unknown'],
    ['exit status 1 is not', 'exit 1', /failed: 1/],
    ['nor is 3', 'exit 3', /failed: 3/],
    ['nor a signal', 'kill -TERM $$', /failed: SIGTERM/],
    ['nor no output', 'exit 0', /printed nothing/],
    ['nor an entry that is none', knows('bob:x'), /entry "bob:x" for user "bob" cannot be used/],
    ['nor an account whose name climbs', knows('../bob:x:1:1::/:'), /cannot be used/],
    ['nor endless output', 'exec cat /dev/zero', /getent passwd bob/],
    ['nor a group that cannot be asked for', knows(BOB, 'exit 3'), /group mail failed: 3/],
  ]
  for (const [text, script, outcome] of rows) {
    await t.test(text, async (each) => {
      const result = await faked(each, script).directory.lookup('bob')
      if (outcome === 'unknown') assert.deepEqual(result, { kind: 'unknown' })
      else assert.match(detail(result), outcome)
    })
  }
})

test('a getent that hangs is stopped', async (t) => {
  const { directory } = faked(t, 'exec sleep 600', { timeoutMs: 50 })
  assert.match(detail(await directory.lookup('bob')), /did not end within 0.05 s/)
})

test('close stops what runs and what waits', async (t) => {
  const { directory } = faked(t, 'exec sleep 600')
  const pending = Array.from({ length: 12 }, (_, index) => directory.lookup(`user${index}`))
  directory.close()
  for (const result of await Promise.all([...pending, directory.lookup('bob')])) {
    assert.equal(detail(result), 'the user directory is closed')
  }
})

test('8 run at once and no more', async (t) => {
  // The first 8 wait for each other before they end.
  const script = `cd "$(dirname "$0")"
    echo start >> events
    until [ "$(grep -c start events)" -ge 8 ]; do sleep 0.01; done
    echo end >> events
    exit 2`
  const { directory, files } = faked(t, script)
  await Promise.all(Array.from({ length: 30 }, (_, index) => directory.lookup(`user${index}`)))
  const events = readFileSync(path.join(path.dirname(files.passwd), 'events'), 'utf8')
    .trim()
    .split('\n')
  let running = 0
  const counts = events.map((event) => (running += event === 'start' ? 1 : -1))
  assert.deepEqual([events.length, Math.max(...counts)], [60, 8])
})

test('where there is no getent the files are read', async (t) => {
  const { directory, files } = faked(t, undefined)
  assert.deepEqual(found(await directory.lookup('bob')).owner, { uid: 1001, gid: 12 })
  assert.deepEqual(await directory.lookup('fred'), { kind: 'unknown' })
  assert.equal(found(await directory.lookup('1234')).home, '/home/digits')
  rmSync(files.passwd)
  assert.match(detail(await directory.lookup('bob')), /passwd cannot be read/)
})

test('a name of digits is never taken for a uid', async (t) => {
  const { directory } = faked(t, `[ "$2" = 55 ] && echo '55:x:55:55::/home/55:' || echo '${BOB}'`)
  assert.equal(found(await directory.lookup('1234')).home, '/home/digits')
  assert.deepEqual(await directory.lookup('1001'), { kind: 'unknown' })
  assert.equal(found(await directory.lookup('55')).home, '/home/55')
})

test('lines of passwd and group', () => {
  assert.deepEqual(parseAccount('bob:x:1:2::relative:/bin/sh'), { name: 'bob', uid: 1, gid: 2 })
  assert.deepEqual(parseAccount('bob:x:1:2:::'), { name: 'bob', uid: 1, gid: 2 })
  for (const line of ['', 'bob', ':x:1:2::/:', 'bob:x::2::/:', 'bob:x:-1:2::/:', 'bob:x:1:99999999999::/:']) {
    assert.equal(parseAccount(line), undefined, line)
  }
  assert.equal(parseGroupId('mail:x:8:bob,fred'), 8)
  assert.equal(parseGroupId('mail:x::'), undefined)
})
