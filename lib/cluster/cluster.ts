import { randomUUID } from 'node:crypto'
import { errorText } from '../error.js'
import { printable, type Log } from '../log.js'
import { createNodeAsking, NodeSilent } from './asking.js'
import { RedisAway } from './connection.js'
import { shareRecords } from './shared-records.js'
import { createRollCall, type Whom } from './roll-call.js'
import type { Beat, Store, Texts } from './store.js'
import type { Asked, AskOptions, Cluster, Handler, LocalRecord, Standing } from './types.js'

export interface ClusterTiming {
  readonly beatMs: number
  /** A node whose heart has not beaten for so long is dead. */
  readonly deadMs: number
  /** It is listed for so long. */
  readonly listedMs: number
  readonly answerMs: number
}

const TIMING: ClusterTiming = { beatMs: 2000, deadMs: 7000, listedMs: 24 * 3_600_000, answerMs: 2000 }

export interface ClusterOptions {
  readonly node: string
  readonly owner: string
  readonly store: Store
  readonly log: Log
  /** What others may want to read of this node. Called often. */
  readonly summary?: () => string
  /** What it answers from the beginning. */
  readonly handlers?: ReadonlyMap<string, Handler>
  /** What it has to begin with: known before it has joined. */
  readonly records?: ReadonlyMap<string, LocalRecord>
  readonly timing?: Partial<ClusterTiming>
}

const TAKE = 'record.take'
/** More at once are read from Redis by whoever needs them. */
const MAX_TOLD = 200

/** Joins the nodes that share a store. */
export function openCluster(options: ClusterOptions): Cluster {
  const { node, owner, store, log, summary = () => '' } = options
  const timing = { ...TIMING, ...options.timing }
  const asking = createNodeAsking(node, store, log)
  const records = shareRecords(options.records ?? new Map(), store, log)
  for (const [question, handler] of options.handlers ?? []) asking.on(question, handler)
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
    if (standing.state !== 'joined') await store.listen(node, asking.hear)
    await records.syncAll(standing.state === 'joined' ? found.versions : undefined)
    if (isClosed() || !store.state().connected) return
    stand('joined', '')
    for (const one of found.nodes) if (one.ageMs > timing.listedMs) await store.leave(one)
  }

  asking.on(TAKE, async (args) => {
    const { record = '', texts } = args as { readonly record?: string; readonly texts?: unknown }
    await records.told(record, readTexts(texts))
  })

  store.onChanged(({ connected }) => {
    if (closed) return
    if (connected) {
      beat()
      return
    }
    stand('away', store.state().why)
    // Answers that are given meanwhile come to nobody.
    asking.lose('Redis is away')
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

  async function ask(question: string, args: unknown = {}, asked: AskOptions = {}): Promise<Asked> {
    const { names, mayLive } = await whom()
    const results = await Promise.allSettled(names.map((name) => askNode(name, question, args, asked)))
    const answers: { readonly node: string; readonly value: unknown }[] = []
    const silent: string[] = []
    for (const [at, result] of results.entries()) {
      const name = names[at] ?? ''
      if (result.status === 'fulfilled') {
        answers.push({ node: name, value: result.value })
        continue
      }
      const why: unknown = result.reason
      if (why instanceof NodeSilent && why.absent && mayLive.has(name)) continue
      silent.push(name)
      if (!(why instanceof NodeSilent)) {
        log('warn', `cluster: ${name} could not answer ${question}: ${printable(errorText(why))}`)
      }
    }
    return { answers, answered: answers.map((answer) => answer.node), silent }
  }

  function askNode(name: string, question: string, args: unknown = {}, asked: AskOptions = {}): Promise<unknown> {
    if (standing.state !== 'joined') return Promise.reject(new NodeSilent(`this node is alone: ${standing.why}`))
    return asking.ask(name, question, args, asked.timeMs ?? timing.answerMs, asked.part)
  }

  function joined<T>(act: () => Promise<T>): Promise<T> {
    return standing.state === 'joined' ? act() : Promise.reject(new RedisAway(`this node is alone: ${standing.why}`))
  }

  return {
    node,
    standing: () => standing,
    ask,
    askNode,
    onAsk: asking.on,
    nodes: () => roll.views(standing.state === 'joined'),
    roll: () =>
      joined(async () => {
        roll.see(await store.roll())
        return roll.listed()
      }),
    summaries: () => joined(() => store.summaries()),
    take: (key, rate) => joined(() => store.take(key, rate)),
    count: (key, rate) => joined(() => store.count(key, rate)),
    volume: (key, max, periodMs, unasked) => joined(() => store.volume(key, max, periodMs, unasked)),
    claim: (key, forMs) => joined(() => store.claim(key, forMs)),
    free: (key) => joined(() => store.free(key)),
    record(name, local) {
      records.set(name, local)
    },
    async tell(record, texts) {
      try {
        await joined(() => store.merge(record, texts))
      } catch {
        // It is found when this node joins again.
      }
      const given = texts.size > MAX_TOLD ? {} : { texts: Object.fromEntries(texts) }
      const { answered, silent } = await ask(TAKE, { record, ...given })
      return { answered, silent }
    },
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
      asking.close()
      const end = (): void => {
        store.close()
      }
      if (standing.state === 'joined') store.leave({ name: node, owner }).then(end, end)
      else end()
    },
  }
}

function readTexts(value: unknown): Texts | undefined {
  if (typeof value !== 'object' || value === null) return undefined
  const texts = Object.entries(value).filter((entry): entry is [string, string] => typeof entry[1] === 'string')
  return new Map(texts)
}
