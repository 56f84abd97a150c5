import { NO_SEAT } from '../../plugins/cluster.js'
import { createCrew } from '../../plugins/crew.js'
import { createHub } from '../../plugins/hub.js'
import { Address as Rfc2821Address } from 'address-rfc2821'
import { createCounters } from '../../lib/page/counters.js'
import { loadAll } from '../../lib/suite/loaded.js'
import { makeSnapshot, notRunning, openUsers } from '../../lib/suite/snapshot.js'
import { routeReport, type RouteReport } from '../../lib/routing/report.js'
import type { Snapshot } from '../../lib/suite/snapshot-types.js'
import type { HarakaAddress, HarakaConnection, HarakaPlugin, Next } from '../../plugins/haraka/types.js'
import { attachRcpt } from '../../plugins/rcpt/hooks.js'
import type { Shared } from '../../plugins/shared.js'
import type { Sender } from '../routing/support.js'

/** What the rcpt hook told Haraka, and the route it keeps for the queue hook. */
export interface HookAnswer {
  readonly retval: number | undefined
  readonly message: unknown
  readonly report: RouteReport
}

type RcptHook = (next: Next, connection: HarakaConnection, params: unknown) => void

/** Asks the suite's rcpt hook, on the configuration of a Haraka directory, as Haraka does. */
export async function askHook(harakaDir: string, address: string, sender: Sender): Promise<HookAnswer> {
  const loaded = await loadAll(harakaDir)
  const users = openUsers(loaded, harakaDir, () => undefined)
  try {
    const snapshot = await makeSnapshot(
      loaded,
      users,
      harakaDir,
      notRunning(() => undefined),
    )
    return await callHook(snapshot, address, sender)
  } finally {
    users.close()
  }
}

async function callHook(snapshot: Snapshot, address: string, sender: Sender): Promise<HookAnswer> {
  const hooks = new Map<string, string>()
  const silent = (): void => undefined
  const logging = {
    loginfo: silent,
    lognotice: silent,
    logwarn: silent,
    logerror: silent,
    logcrit: silent,
    logdebug: silent,
  }
  const plugin: HarakaPlugin = {
    ...logging,
    name: 'dmail',
    register_hook: (hook, method) => hooks.set(hook, method),
    haraka_require: (module) => {
      throw new Error(`${module} is not needed at RCPT`)
    },
  }
  const routes: Shared['routes'] = new WeakMap()
  attachRcpt(plugin, {
    attached: new Set(),
    live: {
      current: () => Promise.resolve(snapshot),
      loaded: () => snapshot,
      clearUsers: silent,
      reload: () => Promise.reject(new Error('nothing is reloaded here')),
      onLoad: silent,
      watch: silent,
      robots: () => [],
      close: silent,
    },
    counters: createCounters(),
    harakaDir: '.',
    crew: createCrew(),
    seat: NO_SEAT,
    hub: createHub(),
    care: () => {
      throw new Error('the queue is not needed at RCPT')
    },
    onShutdown: [],
    snapshotOf: () => snapshot,
    sizes: new WeakMap(),
    messageDsn: new WeakMap(),
    recipientDsn: new WeakMap(),
    routes,
  })
  const recipient = harakaAddress(address)
  const connection = {
    ...logging,
    remote: { ip: sender.ip ?? '192.0.2.1' },
    relaying: sender.trusted ?? false,
    transaction: {
      rcpt_to: [harakaAddress('someone@domain1.com'), recipient],
      mail_from: harakaAddress(sender.from ?? ''),
    },
  } as unknown as HarakaConnection
  const hook = plugin[hooks.get('rcpt') ?? ''] as RcptHook
  const [retval, message] = await new Promise<[number | undefined, unknown]>((resolve) => {
    hook(
      (...answer) => {
        resolve([answer[0], answer[1]])
      },
      connection,
      [recipient],
    )
  })
  const route = routes.get(recipient)
  if (route === undefined) throw new Error(`the hook took no decision for ${address}: ${String(message)}`)
  return { retval, message, report: routeReport(address, route) }
}

/** An address as Haraka 3.1 hands it to a plugin. */
function harakaAddress(text: string): HarakaAddress {
  return new Rfc2821Address(`<${text}>`) as unknown as HarakaAddress
}
