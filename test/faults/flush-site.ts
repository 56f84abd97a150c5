import { setTimeout as pause } from 'node:timers/promises'
import { makeSite, siteConf, startSite, users } from '../e2e/site.js'
import type { Haraka, HarakaVersion } from '../support/haraka.js'
import { startNextHop, type NextHop } from '../support/next-hop.js'
import { whole, type Random } from './random.js'
import { faultIni } from './site.js'

/** A server whose mail for example.com is suspended, or let go, at will. */
export interface FlushSite {
  readonly haraka: Haraka
  /** The next hop of example.com. */
  readonly hop: NextHop
  /** In force in every process when it resolves. */
  suspend(): Promise<void>
  /** Returns at once: each process sees it when it looks next. */
  letGo(): void
  close(): Promise<void>
}

/** `nodes` as in HarakaOptions. The next hop takes up to `slowMs` over each message. */
export async function startFlushSite(
  version: HarakaVersion,
  nodes: number,
  random: Random,
  slowMs: number,
): Promise<FlushSite> {
  const site = makeSite()
  const hop = await startNextHop({
    reply: {
      message: async () => {
        await pause(whole(random, 0, slowMs))
        return undefined
      },
    },
  })
  site.write('users.txt', users('bob', 'fred'))
  const conf = (lines: readonly string[]): string =>
    siteConf(site, [`gateway example.com 127.0.0.1:${hop.port}`, ...lines])
  const SUSPENDED = ['suspend_domain example.com']
  const haraka = await startSite(version, conf(SUSPENDED), {
    nodes,
    config: { 'dmail.ini': faultIni(), 'log.ini': '[main]\nlevel=info\ntimestamps=true\n' },
  })
  return {
    haraka,
    hop,
    suspend: async () => {
      let from = haraka.log.length
      haraka.write('config/dmail.conf', conf(SUSPENDED))
      for (let left = nodes === 0 ? 1 : nodes + 1; left > 0; left--) {
        const line = await haraka.waitForLog(/configuration reloaded/, { from })
        from = haraka.log.indexOf(line, from) + line.length
      }
    },
    letGo: () => {
      haraka.write('config/dmail.conf', conf([]))
    },
    close: async () => {
      await haraka.stop()
      await hop.close()
    },
  }
}
