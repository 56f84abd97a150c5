import assert from 'node:assert/strict'
import { chmod, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { describe, it } from 'node:test'
import { runRobot } from '../../lib/delivery/robot.js'
import { outcomeOf, type ExitStatus } from '../../lib/delivery/robot-outcome.js'
import { ENVELOPE, inTemporaryDirectory, messageOf, summary } from './helpers.js'

const SHORT = 'Subject: a\r\n\r\n'
/** More than any pipe holds. */
const LONG = Buffer.alloc(5_000_000, 'line\r\n')
const TAKE = 'cat > /dev/null'

const rows: readonly (readonly [string, string, string | Buffer, ExitStatus, string])[] = [
  ['takes the message', TAKE, LONG, 'sysexits', 'delivered'],
  ['ends well without reading what fits into the pipe', 'exit 0', SHORT, 'sysexits', 'delivered'],
  ['ends well without reading more', 'exit 0', LONG, 'sysexits', 'failed 5.3.0'],
  ['closes its input and ends well', 'exec 0< /dev/null; sleep 0.1', LONG, 'sysexits', 'failed 5.3.0'],
  ['takes it and says EX_TEMPFAIL', `${TAKE}; exit 75`, SHORT, 'sysexits', 'deferred 4.3.0'],
  ['says EX_TEMPFAIL at once', 'exit 75', LONG, 'sysexits', 'deferred 4.3.0'],
  ['says EX_TEMPFAIL, other statuses being ignored', 'exit 75', LONG, 'ignore', 'deferred 4.3.0'],
  ['is killed', 'kill -9 $$', SHORT, 'sysexits', 'deferred 4.3.0'],
  ['is killed, statuses being ignored', 'kill -9 $$', LONG, 'ignore', 'deferred 4.3.0'],
  ['says EX_USAGE', `${TAKE}; exit 64`, SHORT, 'sysexits', 'failed 5.3.0'],
  ['says EX_DATAERR', `${TAKE}; exit 65`, SHORT, 'sysexits', 'failed 5.6.0'],
  ['says EX_NOUSER', `${TAKE}; exit 67`, SHORT, 'sysexits', 'failed 5.1.1'],
  ['says EX_NOUSER without reading', 'exit 67', LONG, 'sysexits', 'failed 5.1.1'],
  ['says EX_NOHOST', `${TAKE}; exit 68`, SHORT, 'sysexits', 'failed 5.1.2'],
  ['says EX_UNAVAILABLE', `${TAKE}; exit 69`, SHORT, 'sysexits', 'failed 5.3.0'],
  ['says EX_CANTCREAT', `${TAKE}; exit 73`, SHORT, 'sysexits', 'failed 5.3.0'],
  ['says EX_NOPERM', `${TAKE}; exit 77`, SHORT, 'sysexits', 'failed 5.7.0'],
  ['says EX_CONFIG', `${TAKE}; exit 78`, SHORT, 'sysexits', 'failed 5.3.5'],
  ['says 1', `${TAKE}; exit 1`, SHORT, 'sysexits', 'failed 5.3.0'],
  ['says 1, which is ignored', `${TAKE}; exit 1`, SHORT, 'ignore', 'delivered'],
  ['says 1, which is ignored, without reading', 'exit 1', LONG, 'ignore', 'failed 5.3.0'],
]

describe('a robot that', () => {
  for (const [name, script, message, exitStatus, expected] of rows) {
    it(`${name}: ${expected}`, () =>
      inTemporaryDirectory(async (directory) => {
        const { outcome, warnings } = await runScript(directory, script, message, exitStatus)
        assert.equal(summary(outcome), expected)
        assert.equal(warnings.length, name === 'says 1, which is ignored' ? 1 : 0)
      }))
  }

  it('says why has its words passed on, as one line of text and no more than 2 KiB', () =>
    inTemporaryDirectory(async (directory) => {
      const script = `${TAKE}; printf 'no\\033[1m such\\n\\tlist\\0' >&2; exit 67`
      const { outcome } = await runScript(directory, script, SHORT, 'sysexits')
      assert.ok(outcome.state === 'failed')
      assert.equal(outcome.text, 'the program that handles this address refused the message: no[1m such list')
      assert.match(outcome.detail, /script ended with exit status 67 and said: no\[1m such list$/)

      const flood = `${TAKE}; i=0; while [ $i -lt 20000 ]; do echo 'much ado'; i=$((i + 1)); done; exit 1`
      const { outcome: flooded } = await runScript(directory, flood, SHORT, 'sysexits')
      assert.ok(flooded.state === 'failed')
      const said = flooded.text.replace(/^.*: /, '')
      assert.equal(said, 'much ado '.repeat(300).slice(0, 2048).trim())
    }))

  it('cannot be started for want of resources or of a right is tried again, any other bounces', () => {
    const started = (code: string): string =>
      summary(outcomeOf({ how: 'not-started', error: Object.assign(new Error(code), { code }) }, '/robot', 'sysexits'))
    assert.deepEqual(
      ['EAGAIN', 'EMFILE', 'ENFILE', 'ENOMEM', 'EPERM', 'ETXTBSY'].map(started),
      Array(6).fill('deferred 4.3.0'),
    )
    assert.deepEqual(['ENOENT', 'EACCES', 'E2BIG'].map(started), Array(3).fill('failed 5.3.0'))
  })
})

async function runScript(
  directory: string,
  script: string,
  message: string | Buffer,
  exitStatus: ExitStatus,
): Promise<{ outcome: Awaited<ReturnType<typeof runRobot>>; warnings: readonly string[] }> {
  const file = path.join(directory, 'script')
  await writeFile(file, `#!/bin/sh\n${script}\n`)
  await chmod(file, 0o755)
  const warnings: string[] = []
  const outcome = await runRobot(
    {
      argv: ['script'],
      path: [directory],
      cwd: directory,
      user: { uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0, home: '/' },
      timeoutMs: 60_000,
      unixfrom: false,
      exitStatus,
      warn: (text) => warnings.push(text),
    },
    messageOf(message),
    ENVELOPE,
  )
  return { outcome, warnings }
}
