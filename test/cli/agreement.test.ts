import assert from 'node:assert/strict'
import path from 'node:path'
import { describe, it } from 'node:test'
import { deny, denysoft, ok } from 'haraka-constants'
import type DSN from 'haraka-dsn'
import type { RouteReport } from '../../lib/routing/report.js'
import { MANUAL } from '../routing/manual/index.js'
import { check, given, people, withDirectory, withoutDirectory, type Row } from '../routing/support.js'
import { askHook, type HookAnswer } from './hook.js'
import { dmail, fakeGetent } from './support.js'

/** The same questions to the command and to the hook, over the same files, each with a user directory of its own. */
async function agree(row: Row, readPasswd: (passwd: string) => void): Promise<void> {
  await withDirectory(row.site, async (dir) => {
    readPasswd(path.join(dir, 'config/passwd'))
    const { ip = '192.0.2.1', from, trusted = false } = row.sender
    const client = ['--ip', ip, ...(from === undefined ? [] : ['--from', from]), ...(trusted ? ['--trusted'] : [])]
    const { exit, out, err } = await dmail(['route', '-c', dir, '--json', ...client, row.address])
    const told = JSON.parse(out) as RouteReport
    const hook = await askHook(dir, row.address, row.sender)

    // Why it could not be decided is for the operator.
    assert.equal(err !== '', told.reply.code === 451, err)
    assert.deepEqual(told, JSON.parse(JSON.stringify(hook.report)))
    check(withoutDirectory(told, dir), row)
    assert.equal(exit, told.accepted ? 0 : 1)
    checkAnswer(hook, told)
  })
}

/** Haraka says to the client what the command says to the operator. */
function checkAnswer({ retval, message }: HookAnswer, { accepted, reply }: RouteReport): void {
  const { code, enhanced, text } = reply
  if (accepted) {
    assert.deepEqual([retval, message], [ok, `${enhanced} ${text}`])
    return
  }
  assert.equal(retval, code < 500 ? denysoft : deny)
  const dsn = message as DSN
  assert.equal(dsn.code, code)
  assert.equal(dsn.reply, `${enhanced} ${text}`)
}

describe('the command and the rcpt hook agree', () => {
  const readPasswd = fakeGetent()

  for (const { place, quote, row } of MANUAL) {
    it(`${place}: "${quote}" (${row.address})`, () => agree(row, readPasswd))
  }

  it('when users cannot be looked up', () =>
    agree(
      given({ people: people('bob'), files: { 'config/users.txt': 'bob:*:fwd="broken\n' } })
        .route('bob@domain1.com')
        .isRefused(451, '4.3.0'),
      readPasswd,
    ))
})
