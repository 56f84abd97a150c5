import type { Roll } from './store.js'
import type { NodeListed, NodeView } from './types.js'

/** Whom a question for all is sent to. */
export interface Whom {
  readonly names: readonly string[]
  /** Of these nobody expects an answer where nobody listens. */
  readonly mayLive: ReadonlySet<string>
}

/** Who is on the roll, as this node saw it last. */
export interface RollCall {
  see(found: Roll): void
  /** This node has joined, and is alone again. */
  join(): void
  leave(): void
  /** The others that live. */
  living(): readonly string[]
  toAsk(): Whom
  /** By their names, this one too; `isJoined`: it lives, whatever is written of it. */
  views(isJoined: boolean): readonly NodeView[]
  listed(): readonly NodeListed[]
}

/** A node whose heart has not beaten for `deadMs` is dead. */
export function createRollCall(self: string, deadMs: number): RollCall {
  let roll: Roll['nodes'] = []
  let seenMs = performance.now()
  let joinedMs = -Infinity
  /** Those that lived when this node was left alone. */
  let before: ReadonlySet<string> = new Set()

  function living(): string[] {
    const sinceMs = performance.now() - seenMs
    return roll.filter(({ name, ageMs }) => name !== self && ageMs + sinceMs < deadMs).map(({ name }) => name)
  }

  /** No heart could beat while Redis was away: for a moment one that has not beaten may live all the same. */
  function isNew(): boolean {
    return performance.now() - joinedMs < deadMs
  }

  return {
    see({ nodes }) {
      roll = [...nodes].sort((one, other) => (one.name < other.name ? -1 : 1))
      seenMs = performance.now()
    },
    join() {
      joinedMs = performance.now()
    },
    leave() {
      before = new Set([...(isNew() ? before : []), ...living()])
    },
    living,
    toAsk() {
      const alive = living()
      if (!isNew()) return { names: alive, mayLive: new Set() }
      const names = new Set([...roll.map(({ name }) => name), ...before])
      names.delete(self)
      const mayLive = [...names].filter((name) => !alive.includes(name) && !before.has(name))
      return { names: [...names], mayLive: new Set(mayLive) }
    },
    views(isJoined) {
      const sinceMs = performance.now() - seenMs
      return roll.map(({ name, ageMs }) => {
        const age = name === self && isJoined ? 0 : ageMs + sinceMs
        return { node: name, alive: age < deadMs, ageMs: Math.round(age) }
      })
    },
    listed: () => roll.map(({ name, owner, ageMs }) => ({ node: name, owner, alive: ageMs < deadMs, ageMs })),
  }
}
