import { compilePatternList, hasWildcard, type Matcher } from '../conf/wildcard.js'

/** One reason not to try the mail of some domain. Plain data. */
export interface Suspension {
  /** `domain`, `*.domain`, `*` or, from dmail.conf, a comma list (C4). */
  readonly domain: string
  /** The line of dmail.conf; undefined = an operator's. */
  readonly at?: string
  /** What the operator gave as the reason. */
  readonly reason?: string
  /** Milliseconds since 1970. */
  readonly sinceMs?: number
  /** When it ends by itself; undefined = never. */
  readonly untilMs?: number
}

export interface SuspensionTable {
  /** The suspension in force for a domain (folded): the one that names it, else the first whose pattern matches. */
  find(domain: string, nowMs: number): Suspension | undefined
  readonly all: readonly Suspension[]
}

/** The operator's first, so that the reason they gave is the one that is shown. */
export function suspensionTable(suspensions: readonly Suspension[]): SuspensionTable {
  const exact = new Map<string, Suspension[]>()
  const patterns: { readonly suspension: Suspension; readonly matches: Matcher }[] = []
  for (const suspension of suspensions) {
    const { domain } = suspension
    if (hasWildcard(domain) || /[,!]/.test(domain)) {
      patterns.push({ suspension, matches: compilePatternList(domain) })
      continue
    }
    const same = exact.get(domain)
    if (same === undefined) exact.set(domain, [suspension])
    else same.push(suspension)
  }
  return {
    all: suspensions,
    find(domain, nowMs) {
      return (
        exact.get(domain)?.find((one) => inForce(one, nowMs)) ??
        patterns.find(({ suspension, matches }) => inForce(suspension, nowMs) && matches(domain))?.suspension
      )
    },
  }
}

/** False once its end has come. */
export function inForce({ untilMs }: Suspension, nowMs: number): boolean {
  return untilMs === undefined || untilMs > nowMs
}
