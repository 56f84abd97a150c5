import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { existsSync, readlinkSync } from 'node:fs'
import path from 'node:path'
import { describe, it } from 'node:test'
import { discarding } from './discarding.js'
import { HARAKA_VERSIONS, startHaraka } from './haraka.js'
import { connect } from './smtp.js'
import { until } from './wait.js'

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
  [
    'is ended with SIGTERM again and again',
    `const again = 'for (;;) process.kill(' + process.pid + ', "SIGTERM")'
    require('node:child_process').spawn(process.execPath, ['-e', again], { stdio: 'ignore' })
    setInterval(() => undefined, 1000)`,
  ],
  ['is interrupted', 'process.kill(process.pid, "SIGINT")'],
]

for (const version of HARAKA_VERSIONS) {
  describe(`Haraka ${version} under the harness, at its end`, () => {
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
}
