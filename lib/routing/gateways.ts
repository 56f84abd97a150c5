import type { At } from '../conf/problem.js'
import type { Gateway } from './types.js'

export interface GatewayRule extends Gateway {
  /** `domain`, `*.domain` (its sub-domains) or `*`. */
  readonly domain: string
  readonly at: At
}

export interface GatewayTable {
  /** Exact before longest suffix before `*` (A3). */
  find(domain: string): GatewayRule | undefined
}

/** Costs one look-up per label of the domain, however many rules there are. A later line for a domain wins (C5). */
export function gatewayTable(rules: readonly GatewayRule[]): GatewayTable {
  const byDomain = new Map(rules.map((rule) => [rule.domain, rule]))
  return {
    find(domain) {
      const exact = byDomain.get(domain)
      if (exact) return exact
      for (let dot = domain.indexOf('.'); dot >= 0; dot = domain.indexOf('.', dot + 1)) {
        const suffix = byDomain.get(`*${domain.slice(dot)}`)
        if (suffix) return suffix
      }
      return byDomain.get('*')
    },
  }
}
