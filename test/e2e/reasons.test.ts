import assert from 'node:assert/strict'
import { appendFileSync, readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { after, before, describe, it } from 'node:test'
import { callServer } from '../../lib/control/client.js'
import type { QueueRow } from '../../lib/queue/shown.js'
import { readFileName } from '../../lib/queue/file-name.js'
import { REASON_DIRECTORY } from '../../lib/queue/reason-files.js'
import type { Haraka, HarakaVersion } from '../support/haraka.js'
import { startNextHop, type NextHop } from '../support/next-hop.js'
import { send } from '../support/smtp.js'
import { within } from '../support/wait.js'
import { codes, makeSite, note, RELAYING, siteConf, startSite, users } from './site.js'

const MESSAGES = 6
const SAID = '450 4.2.0 mailbox busy, ask again at noon'

const SYSTEMS: readonly (readonly [version: HarakaVersion, nodes: number])[] = [
  ['3.3', 1],
  ['3.3', 3],
  ['3.3', 0],
  ['3.1', 1],
]

for (const [version, nodes] of SYSTEMS) {
  const processes = nodes === 0 ? 'one process' : `a master and ${nodes} worker(s)`
  describe(`Haraka ${version} as ${processes} knows why mail waits`, () => {
    let nextHop: NextHop
    let haraka: Haraka
    before(async () => {
      const site = makeSite()
      site.write('users.txt', users('bob'))
      nextHop = await startNextHop({ reply: { rcpt: () => SAID } })
      const conf = siteConf(site, [`gateway example.com 127.0.0.1:${nextHop.port}`])
      haraka = await startSite(version, conf, { nodes })
    })
    after(async () => {
      await haraka.stop()
      await nextHop.close()
    })

    it('after an attempt', async () => {
      for (let n = 0; n < MESSAGES; n++) {
        const { final } = await send(haraka.port, {
          from: 'bob@domain1.com',
          to: ['ann@example.com'],
          message: note(`letter ${n}`),
          localAddress: RELAYING,
        })
        assert.equal(codes(final), '250 2.0.0')
      }
      await haraka.waitFor(() => reasonsOf(haraka).size === MESSAGES, { watch: REASON_DIRECTORY })
      await shown(haraka)
    })

    const knownAgain = async (): Promise<void> => {
      // A file without the mark is written from the index of a new process, which has read the file of the dead one.
      await haraka.waitFor(() => reasonsOf(haraka).size === MESSAGES && !reasonsOf(haraka).has(MARK), {
        watch: REASON_DIRECTORY,
      })
      await shown(haraka)
      assert.equal(nextHop.connections, connections, 'without another attempt')
    }
    let connections = 0

    it('after a crash of everything', async () => {
      connections = nextHop.connections
      markFiles(haraka)
      haraka.kill('SIGKILL')
      await haraka.exited()
      await haraka.restart()
      await knownAgain()
    })

    it('after a crash of the workers', { skip: nodes === 0 ? 'there is none' : false }, async () => {
      markFiles(haraka)
      haraka.kill('SIGKILL', 'workers')
      await knownAgain()
    })

    it('after an operator stopped and started it', async () => {
      markFiles(haraka)
      await haraka.restart()
      await knownAgain()
      assert.doesNotMatch(haraka.log, /could not be sent is/)
    })
  })
}

/** What the operator is shown, once every process has answered. */
async function shown(haraka: Haraka): Promise<void> {
  const rows = await within(listAll(haraka), { otherwise: () => 'queue.list did not cover all processes' })
  assert.deepEqual(rows.map(({ id }) => id).sort(), idsOf(haraka))
  assert.deepEqual([...reasonsOf(haraka).keys()].sort(), idsOf(haraka))
  for (const { reason } of rows) assert.ok(reason.startsWith(SAID), reason)
}

async function listAll(haraka: Haraka): Promise<QueueRow[]> {
  for (;;) {
    const rows: QueueRow[] = []
    const answer = await callServer(
      haraka.dir,
      'queue.list',
      { filter: [] },
      {
        item: (row) => {
          rows.push(row)
        },
      },
    )
    if (answer.complete && answer.missing === 0) return rows
  }
}

function idsOf(haraka: Haraka): string[] {
  return haraka
    .queueFiles()
    .map((file) => readFileName(file)?.id ?? file)
    .sort()
}

function filesOf(haraka: Haraka): string[] {
  return readdirSync(path.join(haraka.dir, REASON_DIRECTORY))
}

/** A reason of a message that is not there. */
const MARK = 'nobody0'

function markFiles(haraka: Haraka): void {
  for (const name of filesOf(haraka))
    appendFileSync(path.join(haraka.dir, REASON_DIRECTORY, name), `${MARK} never sent\n`)
}

/** Every reason there is in a file, by id. */
function reasonsOf(haraka: Haraka): Map<string, string> {
  const text = filesOf(haraka)
    .map((name) => readFileSync(path.join(haraka.dir, REASON_DIRECTORY, name), 'utf8'))
    .join('')
  return new Map(Array.from(text.matchAll(/^(\S+) (.*)\n/gm), ([, id = '', reason = '']) => [id, reason]))
}
