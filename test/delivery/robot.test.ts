import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { chmod, mkdir, readFile, symlink } from 'node:fs/promises'
import path from 'node:path'
import { Readable } from 'node:stream'
import { describe, it } from 'node:test'
import { runRobot, type RobotSpec } from '../../lib/delivery/robot.js'
import { breakingMessage, ENVELOPE, messageOf, summary } from './helpers.js'
import { scene, MESSAGE, LONG } from './robot-scene.js'

describe('a robot', () => {
  it(
    'reads the message with LF line ends, and nothing else',
    scene(async ({ program, run, out }) => {
      const robot = await program('robot', 'cat > out')
      assert.equal(summary(await run([robot])), 'delivered')
      assert.equal(await out(), 'Subject: hello\n\nFrom me\n.\n')
    }),
  )

  it(
    'reads From and Delivered-To lines before it where they are asked for',
    scene(async ({ program, run, out }) => {
      const robot = await program('robot', 'cat > out')
      await run([robot], MESSAGE, { unixfrom: true, deliveredTo: true })
      assert.equal(
        await out(),
        'From fred@example.com Tue Jan 05 16:41:58 1999\nDelivered-To: bob@domain1.com\nSubject: hello\n\nFrom me\n.\n',
      )
    }),
  )

  it(
    'has a cleared environment',
    scene(async ({ program, run, out }) => {
      const robot = await program(
        'robot',
        `require('fs').writeFileSync('out', JSON.stringify(process.env)); process.stdin.resume()`,
        'node',
      )
      process.env.DMAIL_SECRET = 'secret'
      try {
        assert.equal(summary(await run([robot])), 'delivered')
      } finally {
        delete process.env.DMAIL_SECRET
      }
      assert.deepEqual(JSON.parse(await out()), {
        PATH: process.env.PATH ?? '/usr/bin:/bin',
        HOME: '/home/robot',
        LANG: process.env.LANG ?? 'C',
        SENDER: 'fred@example.com',
        RECIPIENT: 'bob@domain1.com',
        ORIGINAL_RECIPIENT: 'sales@domain1.com',
        LOCAL_PART: 'bob',
        DOMAIN: 'domain1.com',
        MESSAGE_ID: '<1@example.com>',
        CLIENT_IP: '192.0.2.7',
      })
    }),
  )

  it(
    'gets its arguments as they are: no shell reads them',
    scene(async ({ program, run, out }) => {
      const robot = await program('robot', 'cat > /dev/null; printf "%s\\n" "$@" > out')
      await run([robot, 'two words', '$(touch shell)', '; exit 1', '*', ''])
      assert.equal(await out(), 'two words\n$(touch shell)\n; exit 1\n*\n\n')
    }),
  )

  it(
    'takes a long message whole, byte for byte',
    scene(async ({ directory, program, run }) => {
      const robot = await program('robot', 'sleep 0.1; cat > out')
      assert.equal(summary(await run([robot], messageOf(LONG))), 'delivered')
      const expected = LONG.toString('latin1').replaceAll('\r\n', '\n')
      assert.equal(await readFile(path.join(directory, 'out'), 'latin1'), expected)
    }),
  )

  it(
    'that does not read makes nobody read the message into memory',
    scene(async ({ program, run }) => {
      const robot = await program('robot', 'exec sleep 600')
      let given = 0
      function* pieces(): Generator<Buffer> {
        for (; given < 50_000_000; given += 50_000) yield Buffer.alloc(50_000)
      }
      const message = {
        size: 50_000_000,
        body: Buffer.alloc(0),
        open: () => Readable.from(pieces(), { objectMode: false }),
      }
      assert.equal(summary(await run([robot], message, { timeoutMs: 500 })), 'deferred 4.3.0')
      assert.ok(given > 0 && given < 5_000_000)
    }),
  )

  it(
    'is found by its bare name in the directories given, in order, through links too',
    scene(async ({ directory, program, run, out }) => {
      await mkdir(path.join(directory, 'first'))
      await mkdir(path.join(directory, 'second'))
      await symlink(await program('robot', 'cat > /dev/null; echo $0 > out'), path.join(directory, 'second', 'linked'))
      await mkdir(path.join(directory, 'first', 'linked'))
      const spec = { path: ['relative', path.join(directory, 'first'), path.join(directory, 'second'), directory] }
      assert.equal(summary(await run(['linked'], MESSAGE, spec)), 'delivered')
      assert.equal(await out(), `${directory}/second/linked\n`)
    }),
  )

  it(
    'is not run by root as root unless told so',
    scene(async ({ directory, program, out }) => {
      const robot = await program('robot', 'cat > /dev/null; id -u > out')
      const spec: RobotSpec = {
        argv: [robot],
        path: [],
        cwd: directory,
        timeoutMs: 60_000,
        unixfrom: false,
        exitStatus: 'sysexits',
      }
      const outcome = await runRobot(spec, MESSAGE, ENVELOPE)
      if (process.getuid?.() !== 0) {
        assert.equal(summary(outcome), 'delivered')
        return
      }
      assert.equal(summary(outcome), 'deferred 4.3.5')
      await chmod(directory, 0o777)
      const nobody = { uid: 65_534, gid: 65_534, home: '/' }
      assert.equal(summary(await runRobot({ ...spec, user: nobody }, MESSAGE, ENVELOPE)), 'delivered')
      assert.equal(await out(), '65534\n')
    }),
  )

  it(
    'does not see the end of a message that breaks off',
    scene(async ({ directory, program, run }) => {
      const robot = await program('robot', 'cat > taken; touch finished')
      const outcome = await run([robot], breakingMessage('Subject: half a mess'))
      assert.equal(summary(outcome), 'deferred 4.3.0')
      assert.equal(existsSync(path.join(directory, 'finished')), false)
      const unopened = { size: 1, body: Buffer.alloc(0), open: () => assert.fail('the spool file is gone') }
      assert.equal(summary(await run([robot], unopened)), 'deferred 4.3.0')
      assert.equal(existsSync(path.join(directory, 'finished')), false)
    }),
  )
})
