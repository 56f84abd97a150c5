import { randomUUID } from 'node:crypto'
import { errorText } from '../error.js'
import { printable, type Log } from '../log.js'
import { RedisAway } from './connection.js'
import { createRollCall, type Whom } from './roll-call.js'
import type { Beat, Roll, Store } from './store.js'
import type { NodeListed, NodeView, Standing } from './types.js'

export interface MembershipTiming {
  readonly beatMs: number
  /** A node whose heart has not beaten for so long is dead. */
  readonly deadMs: number
  /** It is listed for so long. */
  readonly listedMs: number
}

export interface MembershipOptions {
  readonly node: string
  readonly owner: string
  readonly store: Store
  readonly log: Log
  readonly timing: MembershipTiming
  /** What others may want to read of this node. Called often. */
  readonly summary: () => string
  /** Given what is sent to this node. */
  readonly hear: (text: string) => void
  /** Called before it joins, without `versions`, and with each heartbeat after. It has not joined while this rejects. */
  readonly sync: (versions?: Roll['versions']) => Promise<void>
  /** Nobody can answer any more. */
  readonly lost: (why: string) => void
}

/** The place of this node on the roll: whether it is there, and who else is. */
export interface Membership {
  readonly standing: () => Standing
  /** Does what only a node that has joined can do; rejects with RedisAway where it has not. */
  readonly joined: <T>(act: () => Promise<T>) => Promise<T>
  /** The other nodes that live, as far as is known. Never rejects. */
  readonly whom: () => Promise<Whom>
  /** See Cluster. */
  readonly nodes: () => readonly NodeView[]
  readonly roll: () => Promise<readonly NodeListed[]>
  readonly settled: (timeMs: number) => Promise<void>
  /** Leaves the roll, and closes the store. */
  close(): void
}

/** Puts a node on the roll, now and after every outage, and keeps it there by its heartbeat. */
export function openMembership(options: MembershipOptions): Membership {
  const { node, owner, store, log, timing, summary, hear, sync, lost } = options
  const waiting = new Set<() => void>()
  let standing: Standing = { node, state: 'away', sinceMs: Date.now(), why: store.state().why }
  const roll = createRollCall(node, timing.deadMs)
  let timer: NodeJS.Timeout | undefined
  let beating = false
  let closed = false
  let told = ''

  const instance = randomUUID()
  let again = false

  const own = (): Beat => ({ name: node, owner, instance, again, summary: summary() })

  function stand(state: Standing['state'], why: string): void {
    if (state === 'joined' && standing.state !== 'joined') roll.join()
    if (state !== 'joined' && standing.state === 'joined') roll.leave()
    if (state !== standing.state) standing = { node, state, sinceMs: Date.now(), why }
    else standing = { ...standing, why }
    settle()
    // One line for each time it changes, whatever happens in between.
    if (told === state || closed) return
    const last = told
    told = state
    if (state === 'joined') {
      const others = roll.living()
      const names = others.length === 0 ? 'no other node is up' : `with ${others.slice(0, 20).join(', ')}`
      log('info', `cluster: ${node} has ${last === '' ? 'joined' : 'joined again'}, ${names}`)
    } else if (state === 'refused') log('error', `cluster: ${node} cannot join: ${why}`)
    else log('warn', `cluster: ${node} goes on alone, Redis is away: ${why}`)
  }

  function isClosed(): boolean {
    return closed
  }

  function settle(): void {
    for (const wake of waiting) wake()
    waiting.clear()
  }

  function beat(): void {
    if (beating || !store.state().connected) return
    beating = true
    beatNow()
      .catch((error: unknown) => {
        if (!closed) stand('away', printable(errorText(error)))
      })
      .finally(() => {
        beating = false
        clearTimeout(timer)
        if (closed) return
        timer = setTimeout(beat, timing.beatMs)
        timer.unref()
      })
  }

  async function beatNow(): Promise<void> {
    const found = await store.beat(own(), timing.deadMs)
    if (isClosed()) return
    roll.see(found)
    if (found.taken) {
      // Also one that was away: its connection listens again by itself.
      await store.deafen(node)
      stand('refused', `another node that is up has this name: give one of the two another ([cluster] node)`)
      return
    }
    again = true
    if (standing.state !== 'joined') await store.listen(node, hear)
    await sync(standing.state === 'joined' ? found.versions : undefined)
    if (isClosed() || !store.state().connected) return
    stand('joined', '')
    for (const one of found.nodes) if (one.ageMs > timing.listedMs) await store.leave(one)
  }

  store.onChanged(({ connected }) => {
    if (closed) return
    if (connected) {
      beat()
      return
    }
    stand('away', store.state().why)
    // Answers that are given meanwhile come to nobody.
    lost('Redis is away')
  })
  store.onFailed((why) => {
    if (!closed && !store.state().connected) stand('away', why)
  })
  beat()

  async function whom(): Promise<Whom> {
    if (standing.state !== 'joined') return { names: [], mayLive: new Set() }
    try {
      roll.see(await store.roll())
    } catch {
      // As they were known last: whoever cannot be reached is named.
    }
    return roll.toAsk()
  }

  function joined<T>(act: () => Promise<T>): Promise<T> {
    return standing.state === 'joined' ? act() : Promise.reject(new RedisAway(`this node is alone: ${standing.why}`))
  }

  return {
    standing: () => standing,
    joined,
    whom,
    nodes: () => roll.views(standing.state === 'joined'),
    roll: () =>
      joined(async () => {
        roll.see(await store.roll())
        return roll.listed()
      }),
    async settled(timeMs) {
      // Away from the beginning is known with the first failure.
      if (standing.state !== 'away' || told === 'away') return
      await new Promise<void>((resolve) => {
        const late = setTimeout(resolve, timeMs)
        waiting.add(() => {
          clearTimeout(late)
          resolve()
        })
      })
    },
    close() {
      if (closed) return
      closed = true
      clearTimeout(timer)
      const end = (): void => {
        store.close()
      }
      if (standing.state === 'joined') store.leave({ name: node, owner }).then(end, end)
      else end()
    },
  }
}
