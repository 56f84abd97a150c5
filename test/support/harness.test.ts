import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { after, before, describe, it } from 'node:test'
import { promisify } from 'node:util'
import { discarding } from './discarding.js'
import { HARAKA_VERSIONS, startHaraka, type Haraka } from './haraka.js'
import { connect, send } from './smtp.js'
import { without } from './tools.js'

const MESSAGE = 'From: fred@example.com\nTo: bob@domain1.com\nSubject: lunch\n\nAt noon?\n.\n..\n'

for (const version of HARAKA_VERSIONS) {
  describe(`Haraka ${version} under the harness`, () => {
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
      assert.match(await haraka.waitForLog(/disconnect ip=/, { from }), /ip=127\.0\.0\.1 .* rcpts=1\/0\/1 msgs=1\/0\/0/)
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

    it('starts although a plugin turns every client away', async () => {
      const files = { 'plugins/closed.js': "exports.hook_connect = (next) => { next(DENYDISCONNECT, 'closed') }" }
      const closed = await startHaraka({ version, plugins: ['closed'], files })
      const client = await connect(closed.port)
      assert.equal(client.greeting.code, 554)
      client.close()
      await closed.stop()
    })
  })
}
