import assert from 'node:assert/strict'
import { lstatSync } from 'node:fs'
import { describe, it } from 'node:test'
import { discarding } from './discarding.js'
import { makeHarakaDir, writeSmtpIni } from './haraka-dir.js'
import { launch } from './haraka-process.js'
import { HARAKA_VERSIONS, startHaraka, startHarakaExpectingFailure } from './haraka.js'
import { captureLog } from './log.js'
import { startNextHop } from './next-hop.js'

for (const version of HARAKA_VERSIONS) {
  describe(`Haraka ${version} under the harness, failing to start`, () => {
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
}
