import { errorText } from '../error.js'
import { printable, type Log } from '../log.js'
import { createNodeAsking, NodeSilent } from './node-asking.js'
import { openMembership, type MembershipTiming } from './membership.js'
import { shareRecords } from './shared-records.js'
import type { Store, Texts } from './store.js'
import type { Asked, AskOptions, Cluster, Handler, LocalRecord } from './types.js'

export interface ClusterTiming extends MembershipTiming {
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
  asking.on(TAKE, async (args) => {
    const { record = '', texts } = args as { readonly record?: string; readonly texts?: unknown }
    await records.told(record, readTexts(texts))
  })
  const membership = openMembership({
    node,
    owner,
    store,
    log,
    timing,
    summary,
    hear: asking.hear,
    sync: (versions) => records.syncAll(versions),
    lost: asking.lose,
  })
  const { joined } = membership

  async function ask(question: string, args: unknown = {}, asked: AskOptions = {}): Promise<Asked> {
    const { names, mayLive } = await membership.whom()
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
    const { state, why } = membership.standing()
    if (state !== 'joined') return Promise.reject(new NodeSilent(`this node is alone: ${why}`))
    return asking.ask(name, question, args, asked.timeMs ?? timing.answerMs, asked.part)
  }

  return {
    node,
    standing: membership.standing,
    ask,
    askNode,
    onAsk: asking.on,
    nodes: membership.nodes,
    roll: membership.roll,
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
    settled: membership.settled,
    close() {
      asking.close()
      membership.close()
    },
  }
}

function readTexts(value: unknown): Texts | undefined {
  if (typeof value !== 'object' || value === null) return undefined
  const texts = Object.entries(value).filter((entry): entry is [string, string] => typeof entry[1] === 'string')
  return new Map(texts)
}
