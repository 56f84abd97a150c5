import { createHash } from 'node:crypto'
import { hostname } from 'node:os'
import { openCluster } from '../lib/cluster/cluster.js'
import type { Asked, AskOptions, Cluster, Handler, LocalRecord } from '../lib/cluster/types.js'
import { isNodeName, isPrefix, nodeNameOf } from '../lib/cluster/names.js'
import { readRedisSettings } from '../lib/cluster/settings.js'
import type { DmailIni } from '../lib/conf/ini-keys.js'
import type { Log } from '../lib/log.js'

/** The place of this Haraka among the nodes of a cluster. Empty where there is none, and in every process but the one. */
export interface Seat {
  cluster(): Cluster | undefined
  /** Asks all other nodes that live; nobody where there is no cluster. Never rejects. */
  ask(question: string, args?: unknown, options?: AskOptions): Promise<Asked>
  /** What this node answers once it is one. Before `open`. */
  onAsk(question: string, handler: Handler): void
  /** Before `open`. */
  record(name: string, local: LocalRecord): void
  /** What other nodes may read of this one. Before `open`. */
  summarize(summary: () => string): void
  /** Takes the place if the configuration says so. Resolves when what other nodes decided is in force here, or they are out of reach. */
  open(harakaDir: string, settings: DmailIni['cluster'], log: Log): Promise<void>
  close(): void
}

const NOBODY: Asked = { answers: [], answered: [], silent: [] }

/** Of a Haraka that is no node. */
export const NO_SEAT: Seat = {
  cluster: () => undefined,
  ask: () => Promise.resolve(NOBODY),
  onAsk: () => undefined,
  record: () => undefined,
  summarize: () => undefined,
  open: () => Promise.resolve(),
  close: () => undefined,
}

/** Other nodes' decisions are waited for so long before mail is taken and sent. */
const SETTLE_MS = 3000

/** Names a Haraka directory on this machine. */
export function ownerOf(harakaDir: string): string {
  return createHash('sha256').update(`${hostname()} ${harakaDir}`).digest('hex').slice(0, 16)
}

/** What a node is called whose configuration says `[cluster] node`. */
export function nodeName(node: string): string {
  return node === '' ? nodeNameOf(hostname()) : node
}

export function createSeat(): Seat {
  const handlers = new Map<string, Handler>()
  const records = new Map<string, LocalRecord>()
  let summary = (): string => ''
  let cluster: Cluster | undefined

  return {
    cluster: () => cluster,
    ask: (question, args, options) => cluster?.ask(question, args, options) ?? Promise.resolve(NOBODY),
    onAsk: (question, handler) => handlers.set(question, handler),
    record: (name, local) => records.set(name, local),
    summarize(said) {
      summary = said
    },
    async open(harakaDir, { redis, node, prefix, answerTimeout }, log) {
      if (!redis || cluster !== undefined) return
      const read = await readRedisSettings(harakaDir)
      if (!read.ok) {
        log('error', `cluster: this node stays alone: ${read.message}`)
        return
      }
      const name = nodeName(node)
      if (!isNodeName(name) || !isPrefix(prefix)) {
        log('error', 'cluster: this node stays alone: [cluster] node or prefix is not a name')
        return
      }
      // Nothing of it is loaded where there is no cluster.
      const { openRedisStore } = await import('../lib/cluster/redis-store.js')
      cluster = openCluster({
        node: name,
        owner: ownerOf(harakaDir),
        store: openRedisStore({ settings: read.settings, prefix, name: `${prefix} ${name}`, log }),
        log,
        summary: () => summary(),
        timing: { answerMs: answerTimeout },
        handlers,
        records,
      })
      await cluster.settled(SETTLE_MS)
    },
    close() {
      cluster?.close()
    },
  }
}
