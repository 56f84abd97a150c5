import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import test, { type TestContext } from 'node:test'
import { promisify } from 'node:util'
import { openDirectory } from '../../lib/directory/index.js'
import { externalDirectory } from '../../lib/directory/pool.js'
import { detail, fixture, found, manualClock, recordedLog, rules } from './helpers.js'

const TIMEOUT = 10_000

function external(t: TestContext, number: number, argv: [string, ...string[]] = fixture('module')) {
  const clock = manualClock()
  const log = recordedLog()
  const directory = externalDirectory({ argv, number, timeoutMs: TIMEOUT, log: log.log, clock, ...rules })
  t.after(() => {
    directory.close()
  })
  return { directory, clock, log }
}

test('answers of a module', async (t) => {
  const { directory } = external(t, 1)
  assert.equal(found(await directory.lookup('bob')).name, 'bob')
  assert.deepEqual(await directory.lookup('nobody'), { kind: 'unknown' })
  assert.match(detail(await directory.lookup('dead')), /-DEAD data base down/)
  assert.match(detail(await directory.lookup('escape')), /"\/etc\/passwd" for user "escape": it is outside/)
})

test('a name that must not be sent is not sent (U2)', async (t) => {
  const { directory } = external(t, 1)
  for (const name of ['bob smith', 'bob\nlookup fred', '"bob"', '../bob', '']) {
    assert.deepEqual(await directory.lookup(name), { kind: 'unknown' })
  }
  assert.equal(found(await directory.lookup('bob')).fields.get('count'), '1')
})

test('an idle copy takes the next request while another is busy', async (t) => {
  const { directory, log } = external(t, 2)
  const silent = directory.lookup('silent')
  await log.until(/asked for silent/)
  assert.equal(found(await directory.lookup('bob')).fields.get('count'), '1')
  assert.equal(found(await directory.lookup('fred')).fields.get('count'), '2')
  directory.close()
  assert.equal(detail(await silent), 'the user directory is closed')
})

test('requests wait in order for the only copy', async (t) => {
  const { directory } = external(t, 1)
  const users = await Promise.all(['bob', 'fred', 'john'].map((name) => directory.lookup(name)))
  assert.deepEqual(
    users.map((user) => `${found(user).name} ${found(user).fields.get('count') ?? ''}`),
    ['bob 1', 'fred 2', 'john 3'],
  )
})

test('identical look-ups in flight are one request', async (t) => {
  const { directory } = external(t, 2)
  const [one, two] = await Promise.all([directory.lookup('bob'), directory.lookup('bob')])
  assert.equal(one, two)
  assert.equal(found(await directory.lookup('bob')).fields.get('count'), '2')
})

test('at most 1000 wait; one more is unavailable at once', async (t) => {
  const { directory, log } = external(t, 1)
  const silent = directory.lookup('silent')
  await log.until(/asked for silent/)
  const waiting = Array.from({ length: 1_000 }, (_, index) => directory.lookup(`user${index}`))
  assert.equal(detail(await directory.lookup('bob')), '1000 look-ups are waiting already')
  directory.close()
  for (const result of await Promise.all([silent, ...waiting])) {
    assert.equal(detail(result), 'the user directory is closed')
  }
  assert.equal(detail(await directory.lookup('bob')), 'the user directory is closed')
})

test('who waits outlives the copy that kept it waiting', async (t) => {
  const { directory, clock, log } = external(t, 1)
  const silent = directory.lookup('silent')
  await log.until(/asked for silent/)
  clock.advance(1_000)
  const bob = directory.lookup('bob')
  clock.advance(9_000)
  assert.match(detail(await silent), /gave no answer within 10 s/)
  // The copy is in its pause now and bob has a second left: the new copy answers in time.
  clock.advance(250)
  assert.equal(found(await bob).name, 'bob')
})

test('while every copy is in its pause a request waits for the time-out at most', async (t) => {
  const { directory, clock } = external(t, 2, ['/nonexistent/module'])
  for (const pause of [250, 500, 1_000, 2_000, 4_000, 8_000, 16_000]) {
    await Promise.all([directory.lookup('bob'), directory.lookup('fred')])
    if (pause < 16_000) clock.advance(pause)
  }
  const john = directory.lookup('john')
  clock.advance(TIMEOUT)
  assert.equal(detail(await john), 'no turn within 10 s')
})

test('a copy that comes back serves who waits', async (t) => {
  const { directory, clock } = external(t, 1)
  assert.match(detail(await directory.lookup('crash')), /exit status 7/)
  const bob = directory.lookup('bob')
  clock.advance(250)
  assert.equal(found(await bob).fields.get('count'), '1')
})

function open(t: TestContext, change: Partial<Parameters<typeof openDirectory>[0]>) {
  const directory = openDirectory({
    method: 'external',
    argv: fixture('module'),
    number: 1,
    timeoutMs: TIMEOUT,
    cacheSize: 10,
    noCache: false,
    log: () => undefined,
    ...rules,
    ...change,
  })
  t.after(() => {
    directory.close()
  })
  return directory
}

test('openDirectory', async (t) => {
  const counts = async (directory: ReturnType<typeof open>) => [
    found(await directory.lookup('bob')).fields.get('count'),
    found(await directory.lookup('bob')).fields.get('count'),
  ]
  await t.test('caches, until cleared', async (each) => {
    const directory = open(each, {})
    assert.deepEqual(await counts(directory), ['1', '1'])
    directory.clear()
    assert.deepEqual(await counts(directory), ['2', '2'])
  })
  await t.test('does not with auth_nocache', async (each) => {
    assert.deepEqual(await counts(open(each, { noCache: true })), ['1', '2'])
  })
  await t.test('without a program answers unavailable', async (each) => {
    assert.match(detail(await open(each, { argv: [] }).lookup('bob')), /authent_process/)
  })
  await t.test('knows the accounts of the machine with unix_user', async (each) => {
    assert.equal(found(await open(each, { method: 'unix_user' }).lookup('root')).owner?.uid, 0)
  })
})

test('idle modules do not keep a process alive', { timeout: 60_000 }, async () => {
  const [program, ...args] = fixture('owner')
  const { stdout } = await promisify(execFile)(program, args)
  assert.equal(stdout, 'found\n')
})

test('passwords', async (t) => {
  const { directory } = external(t, 1)
  const check = (name: string, password: string) => directory.check?.(name, password, '192.0.2.7')
  assert.deepEqual(await check('bob', 'right'), { kind: 'right' })
  assert.deepEqual(await check('bob', 'left'), { kind: 'wrong' })
  assert.deepEqual(await check('nobody', 'left'), { kind: 'wrong' })
  assert.deepEqual(await check('bob', 'dead'), { kind: 'unavailable', detail: 'the module answered -DEAD' })
})

test('a name or password that the protocol cannot carry is wrong, and not sent (U2, U8)', async (t) => {
  const { directory } = external(t, 1)
  const rows: [name: string, password: string][] = [
    ['bob', ''],
    ['bob', 'two words'],
    ['bob', 'right\nlookup fred'],
    ['bob', 'a\u00a0b'],
    ['bob', 'x'.repeat(257)],
    ['bob right', 'right'],
    ['../bob', 'right'],
    ['-bob', 'right'],
    ['', 'right'],
  ]
  for (const [name, password] of rows) {
    assert.deepEqual(await directory.check?.(name, password, '192.0.2.7'), { kind: 'wrong' }, `${name} ${password}`)
  }
  assert.equal(found(await directory.lookup('bob')).fields.get('count'), '1')
})

test('a password that a module writes back is not logged, nor told', async (t) => {
  const { directory, log } = external(t, 1)
  const result = await directory.check?.('bob', 'echo-Xyzzy', '192.0.2.7')
  await log.until(/I was told/)
  await log.until(/answered/)
  assert.match(JSON.stringify(result), /unavailable.*you said check bob \*\*\* 192\.0\.2\.7/)
  assert.ok(!log.lines.join().includes('Xyzzy'), log.lines.join('\n'))
})

test('look-ups do not wait for passwords that take their time', async (t) => {
  const { directory, log } = external(t, 2)
  const checks = ['ann', 'bob', 'eve'].map((name) => directory.check?.(name, 'hang', '192.0.2.7'))
  await log.until(/stuck for ann/)
  for (const name of ['fred', 'john']) assert.equal(found(await directory.lookup(name)).name, name)
  directory.close()
  for (const check of checks) assert.equal((await check)?.kind, 'unavailable')
  assert.ok(!log.lines.join().includes('stuck for bob'), 'one copy was kept free')
})

test('look-ups go before passwords where there is one copy', async (t) => {
  const { directory, log } = external(t, 1)
  const order: string[] = []
  const silent = directory.lookup('late')
  await log.until(/asked for late/)
  const check = directory.check?.('ann', 'right', '192.0.2.7').then(() => order.push('check'))
  const lookup = directory.lookup('fred').then(() => order.push('lookup'))
  await Promise.all([silent, check, lookup])
  assert.deepEqual(order, ['lookup', 'check'])
})

test('at most 100 passwords wait, and those that do take no place of a look-up', async (t) => {
  const { directory, log } = external(t, 2)
  const first = directory.check?.('ann', 'hang', '192.0.2.7')
  await log.until(/stuck for ann/)
  const waiting = Array.from({ length: 100 }, () => directory.check?.('bob', 'right', '192.0.2.7'))
  const more = await directory.check?.('bob', 'right', '192.0.2.7')
  assert.deepEqual(more, { kind: 'unavailable', detail: '100 look-ups are waiting already' })
  assert.equal(found(await directory.lookup('fred')).name, 'fred')
  directory.close()
  await Promise.all([first, ...waiting])
})

test('the cache keeps no password, and unix_user checks none', async (t) => {
  const options = { argv: fixture('module'), number: 1, timeoutMs: TIMEOUT, cacheSize: 10, noCache: false, ...rules }
  const { log } = recordedLog()
  const external = openDirectory({ ...options, method: 'external', log })
  t.after(() => {
    external.close()
  })
  await external.check?.('bob', 'right', '192.0.2.7')
  await external.check?.('bob', 'right', '192.0.2.7')
  assert.equal(found(await external.lookup('bob')).fields.get('count'), '3')
  const unix = openDirectory({ ...options, method: 'unix_user', log })
  assert.ok(!('check' in unix))
  unix.close()
})
