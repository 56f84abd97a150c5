import assert from 'node:assert/strict'
import { once } from 'node:events'
import { readFile, writeFile } from 'node:fs/promises'
import { createServer, type Socket } from 'node:net'
import path from 'node:path'
import { describe, it } from 'node:test'
import type { RobotSpec } from '../../lib/delivery/robot.js'
import { messageOf, summary } from './helpers.js'
import { LONG, MESSAGE, scene, textOf, type Scene } from './robot-scene.js'

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
    [
      'a script that names no interpreter, which the C library would give to a shell',
      async (s) => {
        const file = path.join(s.directory, 'robot')
        await writeFile(file, `touch ${path.join(s.directory, 'ran')}\n`, { mode: 0o755 })
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
