import assert from 'node:assert/strict'
import { setTimeout } from 'node:timers/promises'
import { callServer } from '../../lib/control/client.js'
import type { CommandName, Commands } from '../../lib/control/protocol.js'
import type { QueueRow } from '../../lib/queue/shown.js'
import type { Haraka, HarakaVersion } from '../support/haraka.js'
import { startNextHop, type NextHop } from '../support/next-hop.js'
import { connect } from '../support/smtp.js'
import { PATIENCE_MS } from '../support/wait.js'
import { makeSite, note, RELAYING, siteConf, startSite, users, type Site } from './site.js'

export interface Setup {
  readonly version: HarakaVersion
  readonly nodes?: number
  /** Processes that have a queue. */
  readonly processes: number
}

export const SETUPS: readonly Setup[] = [
  { version: '3.3', processes: 1 },
  { version: '3.3', nodes: 3, processes: 3 },
  { version: '3.1', nodes: 0, processes: 1 },
  { version: '3.1', nodes: 3, processes: 3 },
]

export function setupName({ version, nodes }: Setup): string {
  return `Haraka ${version}, ${nodes === undefined ? 'nodes unset' : `nodes=${nodes}`}`
}

/** Haraka, the next hop of `*.example.com`, and an operator at the control socket. */
export interface ControlSite {
  readonly site: Site
  readonly haraka: Haraka
  readonly nextHop: NextHop
  call<Name extends CommandName>(command: Name, args: Commands[Name]['args']): Promise<Commands[Name]['result']>
  /** What is listed. */
  list(...filter: readonly string[]): Promise<QueueRow[]>
  /** The same, once so many are listed, all of this state, and the answer is of all there is in every process. */
  listed(count: number, state: QueueRow['state'], ...filter: readonly string[]): Promise<QueueRow[]>
  /** One message for each, with its user part for a Subject. */
  submit(...recipients: readonly string[]): Promise<void>
  close(): Promise<void>
}

/** `off.example.com` and all below are suspended by dmail.conf. */
export async function startControlSite({ version, nodes, processes }: Setup): Promise<ControlSite> {
  const site = makeSite()
  site.write('users.txt', users('bob', 'fred'))
  const nextHop = await startNextHop()
  const conf = siteConf(site, [
    `gateway *.example.com 127.0.0.1:${nextHop.port}`,
    'suspend_domain off.example.com,*.off.example.com',
  ])
  const haraka = await startSite(version, conf, nodes === undefined ? {} : { nodes })

  async function ask(filter: readonly string[]): Promise<{ rows: QueueRow[]; whole: boolean }> {
    const rows: QueueRow[] = []
    const { count, complete, missing, workers } = await callServer(
      haraka.dir,
      'queue.list',
      { filter },
      { item: (row) => rows.push(row) },
    )
    assert.equal(count, rows.length)
    return { rows, whole: complete && missing === 0 && workers === processes }
  }

  return {
    site,
    haraka,
    nextHop,
    call: (command, args) => callServer(haraka.dir, command, args),
    list: async (...filter) => (await ask(filter)).rows,
    async listed(count, state, ...filter) {
      let found: Awaited<ReturnType<typeof ask>> | undefined
      await eventually(
        async () => {
          found = await ask(filter)
          const { rows, whole } = found
          return whole && rows.length === count && rows.every((row) => row.state === state)
        },
        () => `at last: ${JSON.stringify(found, undefined, 1)}`,
      )
      return found?.rows ?? []
    },
    // Many short connections: every worker takes some.
    async submit(...recipients) {
      for (const to of recipients) {
        const client = await connect(haraka.port, { localAddress: RELAYING })
        await client.ehlo()
        await client.mail('fred@domain1.com')
        await client.rcpt(to)
        assert.equal((await client.data(note(to.split('@')[0] ?? ''))).code, 250)
        await client.quit()
      }
    },
    async close() {
      await haraka.stop()
      await nextHop.close()
    },
  }
}

/** Asks again until the answer is yes; what goes wrong meanwhile ends it. */
export async function eventually(probe: () => Promise<boolean>, otherwise = (): string => ''): Promise<void> {
  const end = performance.now() + PATIENCE_MS
  do {
    if (await probe()) return
    await setTimeout(50)
  } while (performance.now() < end)
  assert.fail(`the answer stays no ${otherwise()}`)
}
