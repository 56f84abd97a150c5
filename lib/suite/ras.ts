import type { Configuration } from '../conf/load.js'
import type { RasSettings } from '../etrn/settings.js'

const MINUTE_MS = 60_000

/** The ras_* lines (Q8); undefined unless there are both ras_timer and ras_host. */
export function buildRas({ conf, ini }: Configuration): RasSettings | undefined {
  const minutes = conf.one('ras_timer')
  const target = conf.one('ras_host')
  if (minutes === undefined || target === undefined) return undefined
  const named = conf.all('ras_domain').map(({ value }) => value)
  const own = [
    ...conf.all('host_domain').map(({ value }) => value),
    ...conf.all('vdomain').map(({ value }) => value.domain),
  ]
  // An address literal is nothing a provider could hold mail for.
  const domains = named.length > 0 ? named : own.filter((domain) => !domain.startsWith('['))
  const [dial, hangup] = [conf.one('ras_dial'), conf.one('ras_hangup')]
  return {
    ...target,
    everyMs: minutes * MINUTE_MS,
    domains: [...new Set(domains)],
    ...(dial === undefined ? {} : { dial }),
    ...(hangup === undefined ? {} : { hangup }),
    hangupAfterMs: ini.etrn.hangupAfter,
    firstMs: ini.etrn.firstRound,
  }
}
