import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { existsSync, lstatSync, readlinkSync } from 'node:fs'
import path from 'node:path'
import { after, before, describe, it } from 'node:test'
import { promisify } from 'node:util'
import { HARAKA_VERSIONS, startHaraka, startHarakaExpectingFailure, type Haraka, type HarakaOptions } from './haraka.js'
import { makeHarakaDir, writeSmtpIni } from './haraka-dir.js'
import { launch } from './haraka-process.js'
import { captureLog } from './log.js'
import { startNextHop } from './next-hop.js'
import { connect, send } from './smtp.js'
import { without } from './tools.js'
import { until } from './wait.js'

const MESSAGE = 'From: fred@example.com\nTo: bob@domain1.com\nSubject: lunch\n\nAt noon?\n.\n..\n'

function discarding(version: HarakaOptions['version'], more: Partial<HarakaOptions> = {}): HarakaOptions {
  return {
    version,
    plugins: ['rcpt_to.in_host_list', 'queue/discard'],
    ...more,
    // Without it the plugin discards only what another plugin has marked.
    env: { YES_REALLY_DO_DISCARD: '1' },
    config: { host_list: 'domain1.com\n', ...more.config },
  }
}

/** Those of `pids` that live, found without the harness; a zombie has no working directory. */
function alive(pids: readonly number[]): number[] {
  return pids.filter((pid) => {
    try {
      return readlinkSync(`/proc/${pid}/cwd`) !== ''
    } catch {
      return false
    }
  })
}

/** How a test process may end while its Haraka still runs: what it says last. */
const ENDS: [how: string, script: string][] = [
  ['comes to its end', ''],
  ['throws', 'throw new Error("a fault in the test")'],
  ['is ended with SIGTERM', 'process.kill(process.pid, "SIGTERM")'],
  ['is interrupted', 'process.kill(process.pid, "SIGINT")'],
]

for (const version of HARAKA_VERSIONS) {
  describe(`Haraka ${version} under the harness`, () => {
    describe('running', () => {
      let haraka: Haraka
      before(async () => {
        haraka = await startHaraka(discarding(version))
      })
      after(() => haraka.stop())

      it('starts as a master and one worker when nodes is unset', () => {
        assert.equal(haraka.workers().length, 1)
        assert.deepEqual(haraka.processes().sort(), [haraka.pid, ...haraka.workers()].sort())
        assert.doesNotMatch(haraka.read('config/smtp.ini'), /nodes/)
      })

      it('runs exactly the plugins asked for', () => {
        const loaded = [...haraka.log.matchAll(/\[plugins\] loading (\S+)/g)].map(([, name]) => name)
        assert.deepEqual([...new Set(loaded)], ['rcpt_to.in_host_list', 'queue/discard'])
      })

      it('has the packed package in its node_modules', () => {
        assert.ok(haraka.exists('node_modules/haraka-plugin-dmail/dist/plugins/dmail/index.js'))
        assert.ok(haraka.exists('node_modules/.bin/dmail'))
        assert.ok(!haraka.exists('node_modules/haraka-plugin-dmail/dist/test'), 'tests are not packed')
      })

      it('accepts a message', async () => {
        const from = haraka.log.length
        const { rcpt, final } = await send(haraka.port, {
          from: 'fred@example.com',
          to: ['bob@domain1.com', 'john@example.com'],
          message: MESSAGE,
        })
        assert.deepEqual([...rcpt.map(({ code }) => code), final.code], [250, 550, 250])
        assert.match(
          await haraka.waitForLog(/disconnect ip=/, { from }),
          /ip=127\.0\.0\.1 .* rcpts=1\/0\/1 msgs=1\/0\/0/,
        )
      })

      it('sees the client address that the test chose, at once', async () => {
        const from = haraka.log.length
        const client = await connect(haraka.port, { localAddress: '127.0.0.2' })
        await client.quit()
        assert.match(await haraka.waitForLog(/disconnect ip=127\.0\.0\.2 /, { from }), /msgs=0/)
      })

      it('takes mail from swaks', { skip: without('swaks') }, async () => {
        const args = ['--server', `127.0.0.1:${haraka.port}`, '--to', 'bob@domain1.com', '--from', 'fred@example.com']
        const { stdout } = await promisify(execFile)('swaks', args)
        assert.match(stdout, /^<- {2}250 .*$/m)
      })

      it('tells what the log said when a line does not come', async () => {
        await assert.rejects(
          haraka.waitForLog(/never said/, { timeoutMs: 10 }),
          /never said.*\n[^]*disconnect ip=127\.0\.0\.2/,
        )
      })

      it('waits for what a file will hold', async () => {
        const seen = haraka.waitFor(() => haraka.read('spool/note') === 'done', { watch: 'spool/note' })
        haraka.write('spool/note', 'done')
        assert.equal(await seen, true)
      })

      it('says what a file holds when the wait is in vain', async () => {
        haraka.write('spool/note', 'half')
        const wait = { watch: 'spool/note', timeoutMs: 10 }
        await assert.rejects(
          haraka.waitFor(() => haraka.read('spool/note') === 'done', wait),
          /note holds:\nhalf/,
        )
      })

      it('has an empty queue, of which unfinished files are no part', () => {
        haraka.write('queue/__tmp__.1_1_0_1_abc_1_host', '')
        assert.deepEqual(haraka.queueFiles(), [])
        haraka.write('queue/1_1_0_1_abc_1_host', '')
        assert.deepEqual(haraka.queueFiles(), ['1_1_0_1_abc_1_host'])
      })
    })

    describe('ending', () => {
      it('stop() leaves no process', async () => {
        const haraka = await startHaraka(discarding(version, { nodes: 2 }))
        const pids = haraka.processes()
        assert.equal(pids.length, 3)
        await haraka.stop()
        assert.deepEqual(alive(pids), [])
        assert.deepEqual(await haraka.exited(), { code: 0, signal: null })
        await haraka.stop()
      })

      it('stop() ends what a plugin started in a process group of its own', async () => {
        const plugin = `
          exports.register = function () {
            if (!require('node:cluster').isWorker) return
            const code = 'process.title; setInterval(() => {}, 1000)'
            const child = require('node:child_process').spawn(process.execPath, ['-e', code], { detached: true, stdio: 'ignore' })
            this.lognotice('robot ' + child.pid)
          }`
        const haraka = await startHaraka({ version, plugins: ['robot'], files: { 'plugins/robot.js': plugin } })
        const robot = Number(/robot (\d+)/.exec(await haraka.waitForLog(/robot \d+/))?.[1])
        assert.deepEqual(alive([robot]), [robot])
        await haraka.stop()
        assert.deepEqual(alive([robot]), [])
      })

      it('kill("SIGKILL") ends all at once, and restart() brings it back on its port with its files', async () => {
        const haraka = await startHaraka(discarding(version))
        const pids = haraka.processes()
        haraka.write('note', 'kept')
        haraka.kill('SIGKILL')
        assert.deepEqual(await haraka.exited(), { code: null, signal: 'SIGKILL' })
        await haraka.restart()
        assert.deepEqual(alive(pids), [])
        assert.equal(haraka.read('note'), 'kept')
        const client = await connect(haraka.port)
        assert.equal(client.greeting.code, 220)
        client.close()
        await haraka.stop()
      })

      it('a killed worker is replaced by the master', async () => {
        const haraka = await startHaraka(discarding(version))
        const [before] = haraka.workers()
        const from = haraka.log.length
        haraka.kill('SIGKILL', 'workers')
        await haraka.waitForLog(/worker 2 listening on/, { from })
        assert.notEqual(haraka.workers()[0], before)
        await haraka.stop()
      })

      it('runs as one process with nodes 0', async () => {
        const haraka = await startHaraka(discarding(version, { nodes: 0 }))
        assert.deepEqual(haraka.processes(), [haraka.pid])
        await haraka.stop()
      })

      it('a waiting test is told at once that Haraka has ended', async () => {
        const haraka = await startHaraka(discarding(version))
        const waiting = assert.rejects(haraka.waitForLog(/never said/), /Haraka ended \(SIGKILL\) before a line/)
        haraka.kill('SIGKILL')
        await waiting
        await haraka.stop()
      })

      for (const [how, script] of version === '3.3' ? ENDS : ENDS.slice(0, 1)) {
        it(`a test process that ${how} without stop() takes Haraka along`, async () => {
          const program = `
            const { startHaraka } = require(process.argv[1])
            startHaraka({ version: '${version}', plugins: ['queue/discard'] }).then(async (haraka) => {
              const said = JSON.stringify({ dir: haraka.dir, pids: haraka.processes() })
              await new Promise((resolve) => process.stdout.write(said, resolve))
              ${script}
            })`
          const stdout = await new Promise<string>((resolve) => {
            execFile(process.execPath, ['-e', program, path.join(__dirname, 'haraka.js')], (_error, text) => {
              resolve(text)
            })
          })
          const { dir, pids } = JSON.parse(stdout) as { dir: string; pids: number[] }
          assert.equal(pids.length, 2)
          await until(() => alive(pids).length === 0, { otherwise: () => `alive: ${alive(pids).join(' ')}` })
          assert.ok(!existsSync(dir), 'its directory is gone')
        })
      }
    })

    describe('failing', () => {
      const broken = { 'plugins/broken.js': 'throw new Error("no such setting")' }

      it('a start that fails is reported with its exit and its log', async () => {
        const failure = await startHarakaExpectingFailure({ version, plugins: ['broken'], files: broken })
        assert.notEqual(failure.exit?.code, 0)
        assert.match(failure.log, /no such setting/)
        assert.ok(lstatSync(failure.dir).isDirectory(), 'the directory can be looked at')
      })

      it('startHaraka() rejects then', async () => {
        const started = startHaraka({ version, plugins: ['broken'], files: broken })
        await assert.rejects(started, /did not start \(ended with code \d+\)[^]*no such setting/)
      })

      it('a Haraka without plugins is refused: it would log nothing, and never seem to start', async () => {
        await assert.rejects(startHaraka({ version, plugins: [] }), /needs at least one plugin/)
      })

      it('a port that another process took first is seen as such, so that another is tried', async () => {
        const other = await startNextHop()
        const options = discarding(version)
        const dir = await makeHarakaDir(options)
        writeSmtpIni(dir, other.port, options)
        assert.deepEqual(await launch(dir, other.port, options, captureLog('the log')), { kind: 'port-taken' })
        await other.close()
      })

      it('a start that succeeds against expectation is an error', async () => {
        await assert.rejects(startHarakaExpectingFailure(discarding(version)), /started although it should not/)
      })

      it('a worker that refuses to start is reported too', async () => {
        const files = { 'plugins/refusing.js': "exports.hook_init_child = (next) => { next(DENY, 'no room') }" }
        const failure = await startHarakaExpectingFailure({ version, plugins: ['refusing'], files })
        assert.match(failure.log, /init_child returned error : no room/)
        assert.deepEqual(failure.exit, { code: null, signal: 'SIGTERM' })
      })
    })
  })
}
