import { setTimeout as pause } from 'node:timers/promises'
import { makeSite, siteConf, startSite, users } from '../e2e/site.js'
import type { Haraka, HarakaVersion } from '../support/haraka.js'
import { startNextHop, type NextHop } from '../support/next-hop.js'
import { whole, type Random } from './random.js'
import { faultIni } from './site.js'

/** A server whose mail for `round<n>.example.com` is suspended until it is let go, round by round. */
export interface FlushSite {
  readonly haraka: Haraka
  readonly hop: NextHop
  /** Lets go of this round's and of all before it. Returns at once: each process sees it when it looks next. */
  readonly letGo: (round: number) => void
  close(): Promise<void>
}

/** The next hop lets clients wait up to this long for its greeting, which spreads many at once, and then for its last answer. */
const SPREAD_MS = 600
const SLOW_MS = 20

/** `nodes` as in HarakaOptions. Rounds are counted from 1. */
export async function startFlushSite(
  version: HarakaVersion,
  nodes: number,
  rounds: number,
  random: Random,
): Promise<FlushSite> {
  const site = makeSite()
  const slow = (ms: number) => async (): Promise<undefined> => {
    await pause(whole(random, 0, ms))
    return undefined
  }
  const hop = await startNextHop({ reply: { connect: slow(SPREAD_MS), message: slow(SLOW_MS) } })
  site.write('users.txt', users('bob', 'fred'))
  const conf = (suspendedFrom: number): string => {
    const lines = [`gateway *.example.com 127.0.0.1:${hop.port}`]
    for (let round = suspendedFrom; round <= rounds; round++) lines.push(`suspend_domain round${round}.example.com`)
    return siteConf(site, lines)
  }
  const haraka = await startSite(version, conf(1), {
    nodes,
    config: { 'dmail.ini': faultIni(), 'log.ini': '[main]\nlevel=info\ntimestamps=true\n' },
  })
  return {
    haraka,
    hop,
    letGo: (round) => {
      haraka.write('config/dmail.conf', conf(round + 1))
    },
    close: async () => {
      await haraka.stop()
      await hop.close()
    },
  }
}
