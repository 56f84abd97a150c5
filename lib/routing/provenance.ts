import type { Destination, Placed, Step } from './types.js'

/** Collects the steps of one route; ids count up in the order the rules fired. */
export class Trace {
  readonly steps: Step[] = []

  add(parent: Step | undefined, step: Omit<Step, 'id' | 'parent'>): Step {
    const made = { id: this.steps.length + 1, parent, ...step }
    this.steps.push(made)
    return made
  }
}

/** The rules that led to a step, outermost first. */
export function chainOf(step: Step | undefined): Step[] {
  const chain: Step[] = []
  for (let at = step; at !== undefined; at = at.parent) chain.unshift(at)
  return chain
}

/**
 * Whose list it was that made several destinations of one recipient: the rule at which their ways part. Forward rules and aliases are
 * the operator's; a fwd field and a forward file are the user's own.
 */
export function listOwner(placed: readonly Placed[]): 'operator' | 'user' {
  const [first = [], ...others] = placed.map(({ step }) => chainOf(step))
  const shared = first.filter((step, at) => others.every((chain) => chain[at] === step))
  const last = shared.at(-1)?.step
  return last === 'user' || last === 'fwd' || last === 'forward-file' ? 'user' : 'operator'
}

/** What makes two destinations the same one (R3: one delivery). */
export function identity(destination: Destination): string {
  switch (destination.kind) {
    case 'mailbox':
    case 'file':
      // A file destination that is somebody's drop file is that mailbox.
      return `path ${destination.path}`
    case 'robot':
      return `robot ${JSON.stringify(destination.argv)}`
    case 'remote':
      return `remote ${destination.address.key}`
    case 'discard':
      return 'discard'
  }
}

/** `host` as it stands before a port: an IPv6 address in brackets. */
export function formatHost(host: string): string {
  return host.includes(':') ? `[${host}]` : host
}

/** Adds a destination unless the same one is there already. Returns whether it was added. */
export function placeOnce(placed: Map<string, Placed>, one: Placed): boolean {
  const key = identity(one.destination)
  if (placed.has(key)) return false
  placed.set(key, one)
  return true
}
