import assert from 'node:assert/strict'
import test from 'node:test'
import fc from 'fast-check'
import { pathMapper } from '../../lib/conf/paths.js'
import { decodeLine, encodeLookup, parseReply, replyClass, validName } from '../../lib/directory/protocol.js'
import { found, rules } from './helpers.js'

test('names that may be sent to a module (U2, U8)', async (t) => {
  const good = ['bob', 'Bob', 'cc_bob', 'bob@domain1.com', "o'brien", 'jörg', 'bob+tag', 'a.b', '0', 'x'.repeat(256)]
  for (const name of good)
    await t.test(`${name.slice(0, 20)} is allowed`, () => {
      assert.ok(validName(name))
    })
  const bad = [
    '',
    'bob smith',
    'bob\u00a0smith',
    'bob\tsmith',
    'bob\nlookup fred',
    'bob\r',
    'bob\0',
    'bob\x7f',
    'bob\u0085',
  ]
  bad.push('"bob"', '../bob', 'a..b', 'a/b', 'a\\b', '.bob', '-bob', 'x'.repeat(257), 'ü'.repeat(129), '\ud800')
  for (const name of bad)
    await t.test(`${JSON.stringify(name).slice(0, 20)} is refused`, () => {
      assert.ok(!validName(name))
    })
})

test('a look-up command is one line for one name, or none', () => {
  assert.equal(encodeLookup('bob@domain1.com'), 'lookup bob@domain1.com')
  assert.equal(encodeLookup('bob\nexit'), undefined)
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (name) => {
      const command = encodeLookup(name)
      if (command !== undefined) assert.match(command, /^lookup [^\s"/\\]+$/u)
    }),
  )
})

test('reply classes', async (t) => {
  const rows: [string, ReturnType<typeof replyClass>][] = [
    ['+OK bob config', 'ok'],
    ['+ok bob config', 'ok'],
    ['+OK', 'ok'],
    ['-ERR', 'err'],
    ['-ERR\tno such user', 'err'],
    ['-DEAD data base', 'dead'],
    ['+DATA bob', 'data'],
    ['+OKAY bob config', 'garbage'],
    ['OK bob config', 'garbage'],
    [' +OK bob config', 'garbage'],
    ['-ERR: no', 'garbage'],
    ['', 'garbage'],
  ]
  for (const [line, expected] of rows) {
    await t.test(`"${line}" is ${expected}`, () => {
      assert.equal(replyClass(line), expected)
    })
  }
})

test('a found user', async (t) => {
  const rows: [
    text: string,
    line: string,
    user: { name: string; dropFile?: string; fields?: Record<string, string> },
  ][] = [
    ['config stands for the rules of dmail.conf', '+OK bob config', { name: 'bob' }],
    ['CONFIG in any case does', '+OK bob CONFIG 0', { name: 'bob' }],
    ['the name in the reply counts (U4)', '+OK bob@domain1.com config 0', { name: 'bob@domain1.com' }],
    ['fields follow the uid', '+OK bob config 12 fwd="$user"', { name: 'bob', fields: { fwd: '$user' } }],
    ['fields are found without a uid too', '+OK bob config fwd="$user"', { name: 'bob', fields: { fwd: '$user' } }],
    ['an allowed drop file is used', '+OK bob /var/mail/in/bob 0', { name: 'bob', dropFile: '/var/mail/in/bob' }],
    ['a drop file is normalised', '+OK bob /var//mail/./bob', { name: 'bob', dropFile: '/var/mail/bob' }],
    ['blanks may be tabs and many', '+OK  bob\tconfig   0   q="1"  ', { name: 'bob', fields: { q: '1' } }],
  ]
  for (const [text, line, expected] of rows) {
    await t.test(text, () => {
      const { name, dropFile, fields, ...rest } = found(parseReply(line, rules))
      assert.deepEqual(rest, {})
      assert.deepEqual(
        [name, dropFile, Object.fromEntries(fields)],
        [expected.name, expected.dropFile, expected.fields ?? {}],
      )
    })
  }
})

test('a Windows drop file is mapped before it is judged (U5, C10)', () => {
  const mapPath = pathMapper(new Map([['c:\\dmail', '/var/mail']]), '/srv')
  assert.equal(found(parseReply('+OK bob C:\\DMail\\in\\bob 0', { ...rules, mapPath })).dropFile, '/var/mail/in/bob')
  const unmapped = parseReply('+OK bob d:\\in\\bob 0', { ...rules, mapPath })
  assert.match(unmapped.kind === 'unavailable' ? unmapped.detail : '', /\[paths\]/)
})

test('what is not known is unavailable, with the reason for the log (U1)', async (t) => {
  const rows: [text: string, line: string, detail: RegExp][] = [
    ['a module that is down', '-DEAD data base down', /answered "-DEAD data base down"/],
    ['no class at all', 'hello', /no reply to a look-up/],
    ['data without an end', '+DATA bob', /no reply to a look-up/],
    ['no drop path', '+OK bob', /no reply to a look-up/],
    ['nothing after +OK', '+OK', /no reply to a look-up/],
    ['a uid that is no number', '+OK bob config zero q="1"', /no reply to a look-up/],
    ['half a redirection', '+OK bob config 0 fwd="fred@exam', /no reply to a look-up/],
    ['a name that climbs', '+OK ../../etc/cron config 0', /user name "..\/..\/etc\/cron", which is not allowed/],
    ['a file elsewhere', '+OK bob /etc/passwd 0', /"\/etc\/passwd" for user "bob": it is outside/],
    ['a file that climbs out', '+OK bob /var/mail/../../etc/passwd 0', /has "\.\." in it/],
    ['a file that climbs inside', '+OK bob \\var\\mail\\..\\mail\\bob 0', /has "\.\." in it/],
    ['a relative file', '+OK bob in/bob 0', /not a full path/],
    ['a drive without a path', '+OK bob c:bob 0', /not a full path/],
    ['a directory', '+OK bob /var/mail/ 0', /is a directory/],
  ]
  for (const [text, line, detail] of rows) {
    await t.test(text, () => {
      const result = parseReply(line, rules)
      assert.ok(result.kind === 'unavailable', result.kind)
      assert.match(result.detail, detail)
    })
  }
})

test('-ERR is the only answer that means unknown', () => {
  assert.deepEqual(parseReply('-ERR no such user', rules), { kind: 'unknown' })
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (line) => {
      if (parseReply(line, rules).kind === 'unknown') assert.match(line, /^-ERR(?:$|[ \t])/i)
    }),
  )
})

test('no reply names a file outside the roots or a name that is not allowed', () => {
  const word = fc.string({
    unit: fc.constantFrom('/', '\\', '..', '.', 'var', 'mail', 'bob', 'c:', ' ', '"', 'config', '0'),
  })
  fc.assert(
    fc.property(word, word, fc.string({ unit: 'binary' }), (name, file, rest) => {
      const result = parseReply(`+OK ${name} ${file} ${rest}`, rules)
      if (result.kind !== 'found') return
      assert.ok(validName(result.user.name))
      if (result.user.dropFile !== undefined) assert.match(result.user.dropFile, /^\/var\/mail\/(?!.*\.\.\/)/)
    }),
  )
})

test('bytes to text', () => {
  assert.equal(decodeLine(Buffer.from('+OK jörg\tconfig')), '+OK jörg\tconfig')
  assert.equal(decodeLine(Buffer.from('+OK bob config 0 name="Jörg"', 'latin1')), '+OK bob config 0 name="Jörg"')
  for (const byte of [0, 7, 0x0d, 0x1b, 0x7f]) assert.equal(decodeLine(Buffer.from([0x2b, byte])), undefined)
})
