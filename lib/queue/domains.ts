/** Things by domain, found for a domain and those below it without looking at any other. */
export interface Domains<T> {
  add(domain: string, item: T): void
  remove(domain: string, item: T): void
  of(domain: string, below: boolean): T[]
  all(): Iterable<readonly [string, ReadonlySet<T>]>
}

export function createDomains<T>(): Domains<T> {
  const items = new Map<string, Set<T>>()
  /** Parent domain -> the domains below it that have items. */
  const children = new Map<string, Set<string>>()

  return {
    add(domain, item) {
      const there = items.get(domain)
      if (there !== undefined) {
        there.add(item)
        return
      }
      items.set(domain, new Set([item]))
      for (const parent of parents(domain)) {
        const known = children.get(parent)
        if (known === undefined) children.set(parent, new Set([domain]))
        else known.add(domain)
      }
    },
    remove(domain, item) {
      const there = items.get(domain)
      there?.delete(item)
      if (there === undefined || there.size > 0) return
      items.delete(domain)
      for (const parent of parents(domain)) {
        const known = children.get(parent)
        known?.delete(domain)
        if (known?.size === 0) children.delete(parent)
      }
    },
    of(domain, below) {
      const names = [domain, ...(below ? (children.get(domain) ?? []) : [])]
      return names.flatMap((name) => [...(items.get(name) ?? [])])
    },
    all: () => items,
  }
}

/**
 * The domains above a domain. A domain name has at most 127 labels (RFC 1035), which bounds what a stranger's address can
 * cost here.
 */
export function parents(domain: string): string[] {
  const found: string[] = []
  for (let dot = domain.indexOf('.'); dot >= 0 && found.length < 127; dot = domain.indexOf('.', dot + 1)) {
    found.push(domain.slice(dot + 1))
  }
  return found
}
