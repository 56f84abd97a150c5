import assert from 'node:assert/strict'
import { userInfo } from 'node:os'
import { after, before, describe, it } from 'node:test'
import { HARAKA_VERSIONS } from '../support/haraka.js'
import { send } from '../support/smtp.js'
import { startRoutingSite, type RoutingSite } from './routing-site.js'
import type { RobotRun } from './robots.js'
import { codes, queueIsEmpty } from './site.js'

const BODY = 'one\n.dot\n..two dots\nFrom here\n'
const MESSAGE = `From: ann@example.com\nTo: help@domain1.com\nMessage-ID: <1@example.com>\nSubject: robot\n\n${BODY}`
/** D8: the cleared environment. */
const VARIABLES = [
  ...['CLIENT_IP', 'DOMAIN', 'HOME', 'LANG', 'LOCAL_PART', 'MESSAGE_ID'],
  ...['ORIGINAL_RECIPIENT', 'PATH', 'RECIPIENT', 'SENDER'],
]

for (const version of HARAKA_VERSIONS) {
  describe(`Haraka ${version} runs a robot`, () => {
    let running: RoutingSite
    let run: RobotRun
    before(async () => {
      running = await startRoutingSite(version)
    })
    after(() => running.close())

    it('after the 250: the client does not wait for it (D12)', async () => {
      const { haraka, robots } = running
      robots.hold('help')
      const { final } = await send(haraka.port, {
        from: 'Ann@example.com',
        to: ['Help@domain1.com'],
        message: MESSAGE,
        localAddress: '127.0.0.3',
      })
      assert.equal(codes(final), '250 2.0.0')
      assert.equal(robots.runs('help').length, 0, 'it is held until now')
      assert.equal(haraka.queueFiles().length, 1, 'and its message is in the queue')
      robots.release('help')
      await queueIsEmpty(haraka)
      assert.equal(robots.runs('help').length, 1)
      const [first] = robots.runs('help')
      assert.ok(first !== undefined)
      run = first
    })

    it('with the arguments of C9', () => {
      assert.deepEqual(run.args, ['--queue', 'first line', 'last'])
    })

    it('with a cleared environment that has the envelope', () => {
      assert.deepEqual(Object.keys(run.env).sort(), VARIABLES)
      const { SENDER, RECIPIENT, ORIGINAL_RECIPIENT, LOCAL_PART, DOMAIN, MESSAGE_ID, CLIENT_IP } = run.env
      assert.deepEqual(
        { SENDER, RECIPIENT, ORIGINAL_RECIPIENT, LOCAL_PART, DOMAIN, MESSAGE_ID, CLIENT_IP },
        {
          SENDER: 'Ann@example.com',
          RECIPIENT: 'Help@domain1.com',
          ORIGINAL_RECIPIENT: 'Help@domain1.com',
          LOCAL_PART: 'Help',
          DOMAIN: 'domain1.com',
          MESSAGE_ID: '<1@example.com>',
          CLIENT_IP: '127.0.0.3',
        },
      )
    })

    it('in dsmtp_path, as [robot] user', () => {
      assert.equal(run.cwd, running.site.dir)
      assert.equal(run.user, process.getuid?.() === 0 ? 'nobody' : userInfo().username)
    })

    it('on the message with LF line ends, Delivered-To first, no From line, nothing quoted', () => {
      const text = run.stdin.toString()
      assert.ok(!text.includes('\r'))
      assert.match(text, /^Delivered-To: Help@domain1\.com\nReceived: /)
      assert.equal(text.slice(text.indexOf('\n\n') + 2), BODY)
    })
  })
}
