import ipaddr from 'ipaddr.js'
import { parseIp } from '../conf/ip-list.js'
import type { Rate } from '../conf/forms.js'
import { createRateLimit } from '../rate.js'

/** Who tries to log in; `user` is undefined where no user may have the name. */
export interface Attempt {
  readonly ip: string
  readonly user: string | undefined
}

export interface AttemptRates {
  /** Failures of one client address, and with one user name. */
  readonly ip: Rate
  readonly user: Rate
}

export type Outcome = 'right' | 'wrong' | 'unavailable'

/** Failed logins lately. Of one process, which all others ask: in memory, and bounded. */
export interface Attempts {
  /** A ticket for `end`; undefined where there were too many failures. Waits while others under way may become one too many. */
  begin(attempt: Attempt, rates: AttemptRates): Promise<number | undefined>
  end(ticket: number, outcome: Outcome): void
}

/** Failures that other nodes of a cluster count too. */
export interface SharedFailures {
  /** On all nodes; 0 while they are out of reach. */
  count(kind: 'ip' | 'user', key: string, rate: Rate): Promise<number>
  note(kind: 'ip' | 'user', key: string, rate: Rate): void
}

/** So long a password may be under way; the process that had it has ended after that. */
const TICKET_MS = 60_000
/** Less than a process waits for the one that counts (plugins/crew.ts). */
const WAIT_MS = 10_000
const MAX_KNOWN = 10_000

interface Ticket extends Attempt {
  readonly rates: AttemptRates
  readonly network: string
  readonly sinceMs: number
}

/**
 * An attempt under way counts as a failure until it has ended, or many at once would be as many guesses. Whoever came in from an
 * address with a user name is not kept out by what others do with that name.
 */
export function createAttempts(now: () => number, shared?: SharedFailures): Attempts {
  const byIp = createRateLimit(now)
  const byUser = createRateLimit(now)
  const known = new Set<string>()
  const open = new Map<number, Ticket>()
  const waiting = new Set<() => void>()
  let nextTicket = 1

  function underWay(same: (ticket: Ticket) => boolean): number {
    return [...open.values()].filter(same).length
  }

  function closeForgotten(): void {
    for (const [id, { sinceMs }] of open) {
      if (sinceMs > now() - TICKET_MS) return
      close(id, 'wrong')
    }
  }

  function close(id: number, outcome: Outcome): void {
    const ticket = open.get(id)
    if (ticket === undefined) return
    open.delete(id)
    const { network, user, rates } = ticket
    if (outcome === 'wrong') {
      byIp.take(network, rates.ip)
      shared?.note('ip', network, rates.ip)
      if (user !== undefined) {
        byUser.take(user, rates.user)
        shared?.note('user', user, rates.user)
      }
    }
    if (outcome === 'right' && user !== undefined) remember(`${network} ${user}`)
    const woken = [...waiting]
    waiting.clear()
    for (const wake of woken) wake()
  }

  function remember(pair: string): void {
    known.delete(pair)
    known.add(pair)
    if (known.size <= MAX_KNOWN) return
    for (const oldest of known) {
      known.delete(oldest)
      return
    }
  }

  return {
    async begin({ ip, user }, rates) {
      const network = networkOf(ip)
      const sinceMs = now()
      for (;;) {
        // Whoever asked has given up, and would leave a ticket behind.
        if (now() > sinceMs + WAIT_MS) throw new Error('other logins of this client or user take too long')
        const limitsUser = user !== undefined && !known.has(`${network} ${user}`)
        const others = { ip: 0, user: 0 }
        if (shared !== undefined) {
          const [ofIp, ofUser] = await Promise.all([
            shared.count('ip', network, rates.ip),
            limitsUser ? shared.count('user', user, rates.user) : 0,
          ])
          Object.assign(others, { ip: ofIp, user: ofUser })
        }
        // From here to the ticket nothing is waited for.
        closeForgotten()
        const ipLeft = rates.ip.count - Math.max(byIp.count(network, rates.ip), others.ip)
        const userLeft = limitsUser
          ? rates.user.count - Math.max(byUser.count(user, rates.user), others.user)
          : Infinity
        if (ipLeft <= 0 || userLeft <= 0) return undefined
        const free =
          underWay((ticket) => ticket.network === network) < ipLeft &&
          (!limitsUser || underWay((ticket) => ticket.user === user) < userLeft)
        if (free) break
        await new Promise<void>((resolve) => waiting.add(resolve))
      }
      const id = nextTicket++
      open.set(id, { ip, user, rates, network, sinceMs: now() })
      return id
    },
    end: close,
  }
}

/** An IPv6 client has a whole network of addresses to come from. */
export function networkOf(text: string): string {
  const ip = parseIp(text)
  if (ip === undefined || ip.kind() === 'ipv4') return ip?.toString() ?? text
  return ipaddr.IPv6.networkAddressFromCIDR(`${ip.toString()}/64`).toString()
}
