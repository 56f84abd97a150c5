import path from 'node:path'
import type { MessageDsn, RecipientDsn } from '../lib/dsn/params.js'
import { openLive, type Live } from '../lib/suite/live.js'
import type { Snapshot } from '../lib/suite/snapshot-types.js'
import { createCounters, type Counters } from '../lib/page/counters.js'
import type { Route } from '../lib/routing/types.js'
import { whenReady, type Maybe } from '../lib/maybe.js'
import { createSeat, type Seat } from './cluster.js'
import { createCrew, type Crew } from './crew.js'
import { createHub, type Hub } from './hub.js'
import { keepQueue, type Care } from './keeper.js'
import { markQueue, whoIs } from './queue-mark.js'
import { watchOrphans } from './orphans.js'
import { attachments, type Attachments } from './haraka/attachments.js'
import { passOverOwnFiles } from './haraka/own-files.js'
import { describeError } from './haraka/hook.js'
import { logTo } from './haraka/log.js'
import type { HarakaQueueModule } from './haraka/outbound-types.js'
import type { HarakaAddress, HarakaPlugin, HarakaServer, HarakaTransaction, Next } from './haraka/types.js'
import { cont, deny } from 'haraka-constants'

/** What the lines of the suite share in one process. */
export interface Shared {
  /** Lines that already have their hooks. */
  readonly attached: Set<string>
  readonly live: Live
  /** What happened in this process. */
  readonly counters: Counters
  /** The configuration a transaction began with, kept to its end. */
  snapshotOf(transaction: HarakaTransaction): Maybe<Snapshot>
  /** What the client announced with SIZE at MAIL (RFC 1870). */
  readonly sizes: Attachments<HarakaTransaction, number>
  /** RET and ENVID of MAIL (RFC 3461). */
  readonly messageDsn: Attachments<HarakaTransaction, MessageDsn>
  /** NOTIFY and ORCPT of RCPT. */
  readonly recipientDsn: Attachments<HarakaAddress, RecipientDsn>
  /** The decision taken at RCPT. Not kept in notes, which Haraka writes into queue files. */
  readonly routes: Attachments<HarakaAddress, Route>
  /** The directory given to `haraka -c`. */
  readonly harakaDir: string
  /** The processes of this Haraka. */
  readonly crew: Crew
  /** This Haraka as a node of a cluster; empty but in the one process. */
  readonly seat: Seat
  /** What the lines tell the control socket. */
  readonly hub: Hub
  /** The queue of this process; the first call takes it over. */
  care(plugin: HarakaPlugin): Care
  /** Called in every process when Haraka stops it. */
  readonly onShutdown: (() => void)[]
}

let shared: Shared | undefined

/** The process's one suite, opened by the first line that registers. */
export function shareSuite(plugin: HarakaPlugin): Shared {
  if (shared !== undefined) return shared
  const harakaDir = harakaDirectory()
  const counters = createCounters()
  const live = openLive(harakaDir, logTo(plugin), counters)
  const crew = createCrew()
  const seat = createSeat()
  let care: Care | undefined
  const snapshots = attachments<HarakaTransaction, Snapshot>('snapshot')
  shared = {
    attached: new Set(),
    live,
    counters,
    harakaDir,
    crew,
    seat,
    hub: createHub(),
    care: (plugin) => (care ??= keepQueue(plugin, live, harakaDir)),
    onShutdown: [
      () => {
        live.close()
        seat.close()
        crew.close()
        care?.close()
      },
    ],
    sizes: attachments('size'),
    messageDsn: attachments('message DSN'),
    recipientDsn: attachments('recipient DSN'),
    routes: attachments('route'),
    snapshotOf(transaction) {
      const begun = snapshots.get(transaction)
      if (begun !== undefined) return begun
      return whenReady(live.loaded() ?? live.current(), (snapshot) => {
        snapshots.set(transaction, snapshot)
        return snapshot
      })
    },
  }
  attachLifeCycle(plugin, shared)
  return shared
}

/** The directory given to `haraka -c`. */
function harakaDirectory(): string {
  return path.resolve(process.env['HARAKA'] ?? '.')
}

function attachLifeCycle(plugin: HarakaPlugin, { live, crew, seat, harakaDir, onShutdown }: Shared): void {
  const queue = plugin.haraka_require('outbound/queue') as HarakaQueueModule
  passOverOwnFiles(queue)
  // A configuration that cannot be used stops the start, in words, before anything listens (C7).
  plugin['dmail_init_master'] = (next: Next, server: HarakaServer): void => {
    crew.begin(server)
    const orphans = watchOrphans(server, queue.queue_dir, plugin)
    onShutdown.push(() => {
      orphans.close()
    })
    const refuse = (why: string): void => {
      plugin.logcrit(`dmail: ${why}`)
      next(deny, 'dmail does not start, see the lines above')
    }
    live
      .current()
      .then(async ({ configuration }) => {
        live.watch()
        // Before mail is taken: what other nodes keep back this one keeps back.
        await seat.open(harakaDir, configuration.ini.cluster, logTo(plugin))
        const mark = await markQueue(queue, harakaDir, whoIs(harakaDir, configuration.ini.cluster), seat, plugin)
        onShutdown.push(() => {
          mark.close()
        })
        if (mark.refused === undefined) next(cont)
        else refuse(mark.refused)
      })
      .catch((error: unknown) => {
        plugin.logcrit(`dmail: ${error instanceof Error ? error.message : describeError(error)}`)
        next(deny, 'dmail cannot start with this configuration, see the lines above or run "dmail check"')
      })
  }
  plugin.register_hook('init_master', 'dmail_init_master')
  // A worker that comes up while the files are broken goes on trying; its hooks answer 451 until then.
  plugin['dmail_init_child'] = (next: Next, server: HarakaServer): void => {
    crew.begin(server)
    live.watch()
    next(cont)
  }
  plugin.register_hook('init_child', 'dmail_init_child')
  // A timer left running makes a graceful restart wait 30 s.
  plugin['shutdown'] = (): void => {
    for (const close of onShutdown) close()
  }
}
