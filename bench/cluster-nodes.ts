import { setTimeout as sleep } from 'node:timers/promises'
import { openCluster } from '../lib/cluster/cluster.js'
import { changeText, mergeTexts } from '../lib/cluster/record.js'
import { openRedisStore } from '../lib/cluster/redis-store.js'
import type { Texts } from '../lib/cluster/store.js'
import { writeSummary } from '../lib/cluster/summary.js'
import type { Cluster } from '../lib/cluster/types.js'
import { startRedis, type TestRedis } from '../test/support/redis.js'
import { until } from '../test/support/wait.js'
import { redisUse, type RedisUse } from './redis-use.js'
import { spreadText, table } from './statistics.js'

/** Several heartbeats. */
const REST_MS = 15_000
const TIMES = 20
const RECORD = 'operator'
const NO_NODES: NodesFigures = {
  nodes: 0,
  cpu: 0,
  perNode: 0,
  bytesIn: 0,
  bytesOut: 0,
  held: 0,
  own: 0,
  tell: [],
  ask: [],
}

/** What so many nodes cost. Per second where nothing else is said. */
export interface NodesFigures {
  readonly nodes: number
  /** CPU milliseconds of Redis, and of those the part of one node. */
  readonly cpu: number
  readonly perNode: number
  readonly bytesIn: number
  readonly bytesOut: number
  /** Bytes. */
  readonly held: number
  /** CPU milliseconds of one node. */
  readonly own: number
  /** Milliseconds until a decision is known to all, and until all have answered. */
  readonly tell: readonly number[]
  readonly ask: readonly number[]
}

interface BenchNode {
  readonly cluster: Cluster
  has(key: string): boolean
}

/** Nodes of one process, without mail: how the load of Redis grows with their number, at rest; and how soon they hear each other. */
export async function measureNodes(counts: readonly number[]): Promise<NodesFigures[]> {
  const redis = await startRedis()
  try {
    const figures: NodesFigures[] = [await atRest(redis)]
    for (const count of counts) {
      redis.command('FLUSHALL')
      figures.push(await measureSome(redis, count))
      process.stderr.write('.')
    }
    print(figures)
    return figures
  } finally {
    await redis.kill()
  }
}

/** A Redis that nobody uses. */
async function atRest(redis: TestRedis): Promise<NodesFigures> {
  const before = redisUse(redis)
  await sleep(REST_MS)
  return { ...NO_NODES, ...perSecond(before, redisUse(redis)) }
}

function perSecond(before: RedisUse, after: RedisUse): Pick<NodesFigures, 'cpu' | 'bytesIn' | 'bytesOut' | 'held'> {
  const seconds = (after.atMs - before.atMs) / 1000
  return {
    cpu: ((after.cpuSeconds - before.cpuSeconds) * 1000) / seconds,
    bytesIn: (after.bytesIn - before.bytesIn) / seconds,
    bytesOut: (after.bytesOut - before.bytesOut) / seconds,
    held: after.bytesHeld,
  }
}

async function measureSome(redis: TestRedis, count: number): Promise<NodesFigures> {
  const nodes = Array.from({ length: count }, (_, n) => enter(redis, `mail${n}.example.com`))
  try {
    await until(() => nodes.every(({ cluster }) => cluster.standing().state === 'joined'), {
      otherwise: () => 'not all have joined',
      timeoutMs: 60_000,
    })
    // Each has had a look at all.
    await until(() => nodes.every(({ cluster }) => cluster.nodes().filter(({ alive }) => alive).length === count), {
      otherwise: () => 'not all see all',
      timeoutMs: 60_000,
    })
    const [before, cpuBefore] = [redisUse(redis), process.cpuUsage()]
    await sleep(REST_MS)
    const [after, cpu] = [redisUse(redis), process.cpuUsage(cpuBefore)]
    const rest = perSecond(before, after)
    const seconds = (after.atMs - before.atMs) / 1000
    const tell: number[] = []
    const ask: number[] = []
    for (let n = 0; n < TIMES; n++) {
      tell.push(await tellAll(nodes, n))
      ask.push(await askAll(nodes, n))
    }
    return {
      nodes: count,
      ...rest,
      perNode: rest.cpu / count,
      own: (cpu.user + cpu.system) / 1000 / seconds / count,
      tell,
      ask,
    }
  } finally {
    for (const { cluster } of nodes) cluster.close()
    // They say good-bye.
    await sleep(500)
  }
}

function enter(redis: TestRedis, node: string): BenchNode {
  let texts: Texts = new Map()
  const cluster = openCluster({
    node,
    owner: node,
    store: openRedisStore({
      settings: { server: redis.address, pubsub: redis.address },
      prefix: 'dmail',
      name: `dmail ${node}`,
      log: () => undefined,
    }),
    log: () => undefined,
    summary: () => SUMMARY,
    timing: { answerMs: 10_000 },
    handlers: new Map([['bench', () => ({ count: 1, running: false, complete: true, workers: 1, missing: 0 })]]),
    records: new Map([
      [
        RECORD,
        {
          all: () => texts,
          take: (news) => {
            texts = mergeTexts(texts, news)
            return Promise.resolve()
          },
          isOld: () => false,
        },
      ],
    ]),
  })
  return { cluster, has: (key) => texts.has(key) }
}

/** As long as that of a node with much mail. */
const SUMMARY = writeSummary({
  version: '0.1.0',
  pid: 123_456,
  startedMs: 1_764_000_000_000,
  config: 'f'.repeat(16),
  messages: 33_333,
  domains: Array.from({ length: 20 }, (_, n) => [`customer${n}.example.com`, 1000 - n]),
  suspended: 3,
})

/** A suspension, until it is in force on all. What writing it down takes is each node's own affair. */
async function tellAll(nodes: readonly BenchNode[], n: number): Promise<number> {
  const from = nodes[(n * 7) % nodes.length]
  const key = `suspend d${n}.example`
  const value = JSON.stringify({ domain: `d${n}.example`, reason: 'they move', since: Date.now() })
  const began = performance.now()
  const { answered } = (await from?.cluster.tell(
    RECORD,
    new Map([[key, changeText({ atMs: Date.now(), by: 'bench', value })]]),
  )) ?? { answered: [] }
  const took = performance.now() - began
  const known = nodes.filter((node) => node !== from && node.has(key)).length
  if (answered.length !== nodes.length - 1 || known !== nodes.length - 1) {
    throw new Error(`${answered.length} of ${nodes.length - 1} answered, ${known} know it`)
  }
  return took
}

async function askAll(nodes: readonly BenchNode[], n: number): Promise<number> {
  const began = performance.now()
  const { answered = [] } =
    (await nodes[(n * 7) % nodes.length]?.cluster.ask('bench', { domain: `d${n}.example` })) ?? {}
  const took = performance.now() - began
  if (answered.length !== nodes.length - 1) throw new Error(`${answered.length} of ${nodes.length - 1} answered`)
  return took
}

function print(figures: readonly NodesFigures[]): void {
  const head = [
    'nodes',
    'Redis cpu ms/s',
    'of it a node',
    'kB/s in',
    'kB/s out',
    'Redis MB',
    'a node cpu ms/s',
    'told all ms',
    'asked all ms',
  ]
  const rows = figures.map(({ nodes, cpu, perNode, bytesIn, bytesOut, held, own, tell, ask }) => [
    String(nodes),
    cpu.toFixed(2),
    nodes === 0 ? '' : perNode.toFixed(3),
    (bytesIn / 1000).toFixed(1),
    (bytesOut / 1000).toFixed(1),
    (held / 1e6).toFixed(2),
    nodes === 0 ? '' : own.toFixed(2),
    nodes === 0 ? '' : spreadText(tell, 1),
    nodes === 0 ? '' : spreadText(ask, 1),
  ])
  process.stdout.write(`\n${table(head, rows)}\n`)
}
