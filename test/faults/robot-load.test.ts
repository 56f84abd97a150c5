import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { appendFileSync, chmodSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { after, before, describe, it } from 'node:test'
import { codes, makeSite, queueIsEmpty, siteConf, startSite, users } from '../e2e/site.js'
import type { Haraka } from '../support/haraka.js'
import { packageRoot } from '../support/install.js'
import { send } from '../support/smtp.js'
import { faultIni, letter, peakMemory, worker } from './site.js'

const MAX = 3
const PER_PROGRAM = 2
const LARGE_BYTES = 50 * 1024 * 1024
const GROWTH_MIB = 200

const CONNECTION_INI = readFileSync(path.join(packageRoot(), 'config/sample/connection.ini'), 'utf8')

describe('Haraka 3.3 and many robots, and large messages for them', () => {
  const site = makeSite()
  let haraka: Haraka
  before(async () => {
    site.write('users.txt', users('bob'))
    // Notes its begin and end in one file, in pieces too short to mix; goes on when it is told.
    const busy = (name: string): string =>
      `#!/bin/sh\necho '+ ${name}' >> '${site.path('events')}'\ncat > /dev/null\n` +
      `while [ ! -e '${site.path('go')}' ]; do sleep 0.05; done\necho '- ${name}' >> '${site.path('events')}'\n`
    appendFileSync(site.path('events'), '')
    chmodSync(site.path('events'), 0o666)
    for (const name of ['one', 'two', 'three']) site.write(name, busy(name))
    appendFileSync(site.path('sum'), '')
    chmodSync(site.path('sum'), 0o666)
    site.write('adds', `#!/bin/sh\nsed -n '/^\\.x/p' | sha256sum > '${site.path('sum')}'\n`)
    for (const name of ['one', 'two', 'three', 'adds']) chmodSync(site.path(name), 0o755)
    haraka = await startSite(
      '3.3',
      siteConf(
        site,
        ['one', 'two', 'three', 'adds'].map((name) => `forward ${name}@domain1.com |${site.path(name)}`),
      ),
      {
        config: {
          'dmail.ini': faultIni({ robot: [`max=${MAX}`, `per_program=${PER_PROGRAM}`] }),
          'connection.ini': CONNECTION_INI.replace(/^bytes=.*$/m, `bytes=${2 * LARGE_BYTES}`),
          'log.ini': '[main]\nlevel=notice\n',
        },
      },
    )
  })
  after(() => haraka.stop())

  const submit = async (to: string, message: string): Promise<void> => {
    const { final } = await send(haraka.port, { from: 'ann@example.com', to: [`${to}@domain1.com`], message })
    assert.equal(codes(final), '250 2.0.0', final.text)
  }
  const events = (): string[] => readFileSync(site.path('events'), 'utf8').split('\n').slice(0, -1)

  it(`at most ${PER_PROGRAM} of one program and ${MAX} altogether run at once, and all get their turn`, async () => {
    const programs = ['one', 'one', 'one', 'two', 'one', 'two', 'three', 'three', 'one']
    for (const name of programs) await submit(name, letter(name))
    // Nobody ends before these all run.
    await haraka.waitFor(() => events().length >= MAX)
    site.write('go', '')
    await queueIsEmpty(haraka)
    assert.deepEqual(
      events()
        .filter((event) => event.startsWith('-'))
        .sort(),
      programs.map((name) => `- ${name}`).sort(),
    )
    assert.equal(mostAtOnce(events()), MAX)
    assert.equal(mostAtOnce(events().filter((event) => event.endsWith(' one'))), PER_PROGRAM)
  })

  it('a message of 50 MB passes through without staying in memory', async () => {
    const small = letter('large')
    await submit('adds', small)
    await queueIsEmpty(haraka)
    const before = peakMemory(worker(haraka))
    const large = letter('large', LARGE_BYTES)
    await submit('adds', large)
    await queueIsEmpty(haraka)
    const body = large.slice(large.indexOf('\n\n') + 2)
    assert.equal(readFileSync(site.path('sum'), 'utf8').slice(0, 64), createHash('sha256').update(body).digest('hex'))
    const growth = peakMemory(worker(haraka)) - before
    assert.ok(growth < GROWTH_MIB, `the worker grew by ${growth} MiB`)
  })
})

/** The most that had begun and not ended at any time. */
function mostAtOnce(events: readonly string[]): number {
  let running = 0
  let most = 0
  for (const event of events) {
    running += event.startsWith('+') ? 1 : -1
    most = Math.max(most, running)
  }
  return most
}
