import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { CommandName } from '../../lib/control/protocol.js'
import { packageVersion } from '../../lib/version.js'
import { talk } from './fake-server.js'
import { dmail } from './support.js'

describe('dmail tellsmtp', () => {
  const rows: [words: string, command: CommandName, args: Readonly<Record<string, unknown>>][] = [
    ['reload', 'reload', {}],
    ['RELOAD', 'reload', {}],
    ['clear_cache_all', 'clear-cache', {}],
    ['config max_rcpts', 'config', { setting: 'max_rcpts' }],
    ['log_level debug', 'log-level', { level: 'debug' }],
    ['sendlog', 'log', { words: [] }],
    ['showsend', 'queue.list', { filter: [] }],
    ['status', 'status', {}],
    ['suspend', 'suspend', { domain: '*' }],
    ['suspend domain1.com', 'suspend', { domain: 'domain1.com' }],
    ['resume', 'resume', { domain: '*' }],
  ]
  for (const [words, command, args] of rows) {
    it(`${words} asks the server for ${command}`, async () => {
      const ran = await talk(['tellsmtp', ...words.split(' ')], () => [{ error: { message: 'no', hint: '' } }])
      assert.deepEqual(ran.requests, [{ command, args }])
      assert.deepEqual([ran.exit, ran.err], [1, 'dmail: no\n'])
    })
  }

  it('keeps --json', async () => {
    const ran = await talk(['tellsmtp', 'clear_cache_all', '--json'], () => [{ result: { workers: 1, missing: 0 } }])
    assert.deepEqual(JSON.parse(ran.out), { workers: 1, missing: 0 })
  })

  it('help and version need no server', async () => {
    assert.match((await dmail(['tellsmtp', 'help'])).out, /^Usage: dmail /)
    assert.equal((await dmail(['tellsmtp', 'version'])).out, `${packageVersion()}\n`)
  })

  const refused: [what: string, words: string, err: RegExp][] = [
    ['one that is no more', 'shutdown', /^dmail: tellsmtp shutdown is no more: Haraka is stopped by /],
    ['one that there never was', 'fly', /^dmail: tellsmtp has no command fly: it has clear_cache_all, /],
    ['a name of every object', 'constructor', /^dmail: tellsmtp has no command constructor/],
    ['a script', 'night.msc', /^dmail: script files are not read/],
    ['a port', '-p 25 reload', /^dmail: commands go to the server of a directory, not of a port/],
  ]
  for (const [what, words, err] of refused) {
    it(`says what became of ${what}: exit 2`, async () => {
      const ran = await dmail(['tellsmtp', ...words.split(' ')])
      assert.equal(ran.exit, 2)
      assert.match(ran.err, err)
    })
  }
})
