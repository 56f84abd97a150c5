import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { chmod, mkdir, readFile, symlink, writeFile } from 'node:fs/promises'
import { createServer, type Socket } from 'node:net'
import path from 'node:path'
import { Readable } from 'node:stream'
import { describe, it } from 'node:test'
import { limitTime } from '../../lib/delivery/process-group.js'
import { runRobot, type RobotSpec } from '../../lib/delivery/robot.js'
import type { MessageSource, Outcome } from '../../lib/delivery/types.js'
import { breakingMessage, ENVELOPE, inTemporaryDirectory, messageOf, summary } from './helpers.js'

const MESSAGE = messageOf('Subject: hello\r\n\r\nFrom me\r\n.\r\n')
/** More than any pipe holds. */
const LONG = Buffer.alloc(5_000_000, 'line\r\n')

interface Scene {
  readonly directory: string
  /** Writes a program and returns its path; `script` is run by sh or, with `node`, by Node. */
  readonly program: (name: string, script: string, interpreter?: 'sh' | 'node') => Promise<string>
  readonly run: (argv: RobotSpec['argv'], message?: MessageSource, spec?: Partial<RobotSpec>) => Promise<Outcome>
  readonly out: () => Promise<string>
}

function scene(test: (scene: Scene) => Promise<void>): () => Promise<void> {
  return () =>
    inTemporaryDirectory(async (directory) => {
      const base: Omit<RobotSpec, 'argv'> = {
        path: [directory],
        cwd: directory,
        user: { uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0, home: '/home/robot' },
        timeoutMs: 60_000,
        unixfrom: false,
        exitStatus: 'sysexits',
        now: () => new Date(1999, 0, 5, 16, 41, 58),
      }
      await test({
        directory,
        async program(name, script, interpreter = 'sh') {
          const file = path.join(directory, name)
          await writeFile(file, `#!${interpreter === 'sh' ? '/bin/sh' : process.execPath}\n${script}\n`)
          await chmod(file, 0o755)
          return file
        },
        run: (argv, message = MESSAGE, spec = {}) => runRobot({ ...base, ...spec, argv }, message, ENVELOPE),
        out: () => readFile(path.join(directory, 'out'), 'utf8'),
      })
    })
}

function textOf(outcome: Outcome): string {
  return outcome.state === 'delivered' ? '' : outcome.text
}

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
      const message = { size: 50_000_000, open: () => Readable.from(pieces(), { objectMode: false }) }
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
      const unopened = { size: 1, open: () => assert.fail('the spool file is gone') }
      assert.equal(summary(await run([robot], unopened)), 'deferred 4.3.0')
      assert.equal(existsSync(path.join(directory, 'finished')), false)
    }),
  )
})

describe('a robot that cannot be run bounces the message', () => {
  const rows: readonly (readonly [string, (scene: Scene) => Promise<RobotSpec['argv']>])[] = [
    ['no such program', (s) => Promise.resolve([path.join(s.directory, 'missing')])],
    ['no such name, though PATH has it', () => Promise.resolve(['sh'])],
    ['a relative path', async (s) => [path.relative(s.directory, await s.program('sub', 'exit 0')).replace(/^/, './')]],
    ['the name of a directory above', () => Promise.resolve(['..'])],
    ['a directory', (s) => Promise.resolve([s.directory])],
    [
      'an interpreter that is missing',
      async (s) => {
        const file = path.join(s.directory, 'robot')
        await writeFile(file, '#!/no/such/interpreter\n', { mode: 0o755 })
        return [file]
      },
    ],
    [
      'a file that is not executable',
      async (s) => {
        const file = path.join(s.directory, 'robot')
        await writeFile(file, '#!/bin/sh\n', { mode: 0o644 })
        return [file]
      },
    ],
    ['an argument no program can get', async (s) => [await s.program('robot', 'exit 0'), 'a\0b']],
  ]
  for (const [name, argv] of rows) {
    it(
      name,
      scene(async (s) => {
        const outcome = await s.run(await argv(s))
        assert.equal(summary(outcome), 'failed 5.3.0')
        assert.equal(textOf(outcome), 'the program that handles this address cannot be run')
      }),
    )
  }

  it(
    'a working directory that is missing',
    scene(async ({ directory, program, run }) => {
      const spec = { cwd: path.join(directory, 'missing') }
      assert.equal(summary(await run([await program('robot', 'exit 0')], MESSAGE, spec)), 'failed 5.3.0')
    }),
  )
})

describe('what a robot leaves behind', () => {
  it(
    'is killed with its group',
    scene(async ({ directory, program, run }) => {
      const child = `require('net').connect(${JSON.stringify(path.join(directory, 'socket'))}).resume()`
      const robot = await program(
        'robot',
        `const child = require('child_process').spawn(process.execPath, ['-e', process.argv[2]], { stdio: 'inherit' })
         require('fs').watch('.', () => { if (require('fs').existsSync('connected')) process.exit(0) })
         process.stdin.resume()`,
        'node',
      )
      const server = createServer().listen(path.join(directory, 'socket'))
      await once(server, 'listening')
      const connected = once(server, 'connection') as Promise<[Socket]>
      const outcome = run([robot, child])
      const [socket] = await connected
      const closed = once(socket, 'close')
      socket.on('error', () => undefined).resume()
      await writeFile(path.join(directory, 'connected'), '')
      assert.equal(summary(await outcome), 'delivered')
      await closed
      server.close()
    }),
  )

  it(
    'and has left the group does not hold up the delivery',
    scene(async ({ directory, program, run }) => {
      const robot = await program(
        'robot',
        `const child = require('child_process').spawn('sleep', ['600'], { stdio: 'inherit', detached: true })
         require('fs').writeFileSync('pid', String(child.pid))
         child.unref()`,
        'node',
      )
      assert.equal(summary(await run([robot])), 'delivered')
      // It holds the standard input open too, so more than a pipe holds is never taken.
      process.kill(Number(await readFile(path.join(directory, 'pid'), 'utf8')), 'SIGKILL')
      assert.equal(summary(await run([robot], messageOf(LONG))), 'failed 5.3.0')
      process.kill(Number(await readFile(path.join(directory, 'pid'), 'utf8')), 'SIGKILL')
    }),
  )
})

describe('the time limit', () => {
  const rows: readonly (readonly [string, string, string, number])[] = [
    ['asks the group to end', 'process.on("SIGTERM", () => process.exit(3))', 'exit 3', 60_000],
    ['ends what does not listen', 'process.on("SIGTERM", () => {})', 'signal SIGKILL', 1],
  ]
  for (const [name, script, expected, graceMs] of rows) {
    it(name, async () => {
      const program = `${script}; setInterval(() => {}, 1000); console.log('ready')`
      const child = spawn(process.execPath, ['-e', program], { detached: true, stdio: ['ignore', 'pipe', 'inherit'] })
      await once(child.stdout, 'data')
      const exited = once(child, 'exit') as Promise<[number | null, string | null]>
      const limit = limitTime(child.pid ?? 0, 1, graceMs)
      const [code, signal] = await exited
      limit.stop()
      assert.equal(code === null ? `signal ${String(signal)}` : `exit ${code}`, expected)
      assert.ok(limit.isOver())
    })
  }

  it(
    'defers the message even when the robot then ends well',
    scene(async ({ program, run }) => {
      const robot = await program(
        'robot',
        'process.on("SIGTERM", () => process.exit(0)); setInterval(() => {}, 1000)',
        'node',
      )
      const outcome = await run([robot], MESSAGE, { timeoutMs: 300, graceMs: 100 })
      assert.equal(summary(outcome), 'deferred 4.3.0')
      assert.equal(textOf(outcome), 'the program that handles this address took too long')
    }),
  )
})
