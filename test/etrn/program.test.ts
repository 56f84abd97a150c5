import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { chmod, readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { describe, it } from 'node:test'
import { findCommand, type Program, type ProgramRules } from '../../lib/etrn/program.js'
import type { Command } from '../../lib/etrn/settings.js'
import { inTemporaryDirectory } from '../delivery/helpers.js'
import { until } from '../support/wait.js'

const OWN = { uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0, home: '/home/robot' }

interface Scene {
  readonly dir: string
  readonly make: (name: string, script: string) => Promise<string>
  readonly find: (argv: Command, more?: Partial<ProgramRules>) => Promise<Program>
  readonly missing: (argv: Command, more?: Partial<ProgramRules>) => Promise<string>
}

function scene(test: (scene: Scene) => Promise<void>): () => Promise<void> {
  return () =>
    inTemporaryDirectory(async (dir) => {
      const rules: ProgramRules = { path: [dir], cwd: dir, user: OWN, timeoutMs: 60_000 }
      await test({
        dir,
        async make(name, script) {
          const file = path.join(dir, name)
          await writeFile(file, `#!/bin/sh\n${script}\n`)
          await chmod(file, 0o755)
          return file
        },
        async find(argv, more) {
          const found = await findCommand(argv, { ...rules, ...more })
          assert.ok(!('missing' in found), 'missing' in found ? found.missing : '')
          return found
        },
        async missing(argv, more) {
          const found = await findCommand(argv, { ...rules, ...more })
          return 'missing' in found ? found.missing : 'found'
        },
      })
    })
}

describe('ras_dial and ras_hangup', () => {
  it(
    'run by the rules of robots: no shell, a bare name, dsmtp_path, a cleared environment (D8, D11)',
    scene(async ({ dir, make, find }) => {
      await make('dial', 'for arg; do echo "$arg"; done > args; pwd > cwd; cat /proc/$$/environ > env; cat > stdin')
      const program = await find(['dial', '$(touch x)', 'two words', ';'])
      assert.deepEqual(await program.run(), { ok: true })
      const read = (name: string): Promise<string> => readFile(path.join(dir, name), 'utf8')
      assert.equal(await read('args'), '$(touch x)\ntwo words\n;\n')
      assert.equal((await read('cwd')).trim(), dir)
      assert.equal(await read('stdin'), '')
      const names = (await read('env')).split('\0').map((word) => word.split('=')[0])
      assert.deepEqual(names.sort(), ['', 'HOME', 'LANG', 'PATH'])
      assert.match(await read('env'), /HOME=\/home\/robot\0/)
    }),
  )

  it(
    'fail with their status and what they said',
    scene(async ({ make, find }) => {
      await make('dial', 'echo "NO  CARRIER"; echo >&2 sorry; exit 3')
      const ran = await (await find(['dial'])).run()
      assert.equal(ran.ok, false)
      assert.match(
        'text' in ran ? ran.text : '',
        /^dial ended with status 3 and said: (?:NO CARRIER sorry|sorry NO CARRIER)$/,
      )
    }),
  )

  it(
    'are stopped at the time limit of robots, with all their processes',
    scene(async ({ dir, make, find }) => {
      await make('dial', 'sleep 600 & echo $! > pid; wait')
      const noted = path.join(dir, 'pid')
      // Until it gets as far as that in its time.
      for (let seconds = 0.3; !existsSync(noted); seconds *= 3) {
        const ran = await (await find(['dial'], { timeoutMs: seconds * 1000, graceMs: 100 })).run()
        assert.deepEqual(ran, { ok: false, started: true, text: `dial was stopped after ${seconds} s` })
      }
      const pid = Number(await readFile(noted, 'utf8'))
      await until(() => !isRunning(pid), { otherwise: () => `process ${pid} is alive` })
    }),
  )

  it(
    'that are ended by a signal failed',
    scene(async ({ make, find }) => {
      await make('dial', 'kill -9 $$')
      assert.deepEqual(await (await find(['dial'])).run(), {
        ok: false,
        started: true,
        text: 'dial was ended by SIGKILL',
      })
    }),
  )

  it(
    'that are no programs have not been started',
    scene(async ({ dir, find }) => {
      const file = path.join(dir, 'dial')
      await writeFile(file, '#!/nonexistent/sh\n', { mode: 0o755 })
      const ran = await (await find(['dial'])).run()
      assert.equal(!ran.ok && !ran.started, true)
    }),
  )

  it(
    'that are not there are missed before anything is done',
    scene(async ({ missing }) => {
      assert.match(await missing(['dial']), /^dial cannot be run: ENOENT/)
      assert.match(await missing(['../dial']), /neither a full path nor a bare name/)
    }),
  )

  it(
    'of a server that runs as root need [robot] user',
    { skip: process.getuid?.() === 0 ? false : 'only root is asked for it' },
    scene(async ({ make, missing }) => {
      await make('dial', 'exit 0')
      assert.equal(
        await missing(['dial'], { user: undefined }),
        'dial is not run: the server runs as root and [robot] user is not set',
      )
    }),
  )

  it(
    'can be started and let go',
    scene(async ({ dir, make, find }) => {
      await make('hangup', 'echo done > part; mv part out')
      ;(await find(['hangup'])).letGo()
      await until(() => existsSync(path.join(dir, 'out')), { otherwise: () => 'it did not run' })
    }),
  )
})

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}
