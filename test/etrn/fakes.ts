import type { Asked } from '../../lib/etrn/client.js'
import type { RasSettings } from '../../lib/etrn/settings.js'

export const RAS: RasSettings = {
  host: 'provider.example.net',
  port: 25,
  everyMs: 3_600_000,
  domains: ['domain1.com'],
  hangupAfterMs: 600_000,
  firstMs: 10_000,
}

/** A provider that says this to each domain; a code of 2xx is yes. */
export function said(code: number, text: string, domains: readonly string[] = RAS.domains): Asked {
  const ok = code < 300
  const replies = domains.map((domain) => ({ domain, ok, code, text: `${code} ${text}` }))
  return { reached: true, security: 'TLSv1.3', trouble: undefined, replies }
}

/** Nobody was there. */
export function unreached(why: string): Asked {
  const replies = RAS.domains.map((domain) => ({ domain, ok: false, text: why }))
  return { reached: false, security: 'no TLS (not offered)', trouble: why, replies }
}

/** Lets everything that waits for nothing but promises come to its end. */
export async function settle(): Promise<void> {
  for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve))
}
