import { setTimeout as sleep } from 'node:timers/promises'
import { callServer } from '../lib/control/client.js'
import { startNextHop, type NextHop } from '../test/support/next-hop.js'
import { startRedis } from '../test/support/redis.js'
import { connect } from '../test/support/smtp.js'
import { FEW_DOMAIN, writeLargeQueue } from './queue-files.js'
import { suiteServer, type QueueServer, type RunningServer } from './queue-servers.js'
import { redisUse } from './redis-use.js'
import { quantile, spreadText, table } from './statistics.js'
import { familyOf, usageOf } from './usage.js'

const NODES = ['mail1', 'mail2', 'mail3']
/** On each node. */
const DOMAINS = 10_000
const FEW = 10
/** Domains that are asked for, of those with a message or some on each node. */
const ASKED = 30
const MANY_DOMAINS = ['m0.example', 'm1.example', 'm2.example']
const REST_MS = 20_000

/** Milliseconds until the reply of each kind of ETRN. */
export interface EtrnFigures {
  readonly queued: number
  readonly replies: Readonly<Record<string, readonly number[]>>
  /** Messages of a domain with many that arrived each second. */
  readonly arrivedPerSecond: readonly number[]
}

/** Three nodes with so many waiting messages in all: ETRN, and what their heartbeats cost meanwhile. */
export async function measureEtrn(messages: number, many: number): Promise<EtrnFigures> {
  const redis = await startRedis()
  const nextHop = await startNextHop()
  const running: RunningServer[] = []
  const each = Math.floor(messages / NODES.length)
  const manyEach = Math.ceil(many / NODES.length)
  const plain = each - FEW - MANY_DOMAINS.length * manyEach
  if (plain < DOMAINS) throw new Error(`--queue ${messages} is too little for ${DOMAINS} domains on each node`)
  try {
    const servers: QueueServer[] = []
    for (const node of NODES) {
      const ini = `[cluster]\nredis=true\nnode=${node}\n`
      const server = await suiteServer(nextHop.port, each, {
        name: node,
        domain: '*.example',
        ini,
        redisIni: redis.ini,
      })
      process.stderr.write(`writing ${each} queue files of ${node}\n`)
      const more = new Map(MANY_DOMAINS.map((domain) => [domain, manyEach]))
      writeLargeQueue(server.dir, { messages: plain, domains: DOMAINS, few: FEW, more })
      servers.push(server)
    }
    for (const server of servers) running.push(server.start())
    await Promise.all(running.map((one) => one.knowsQueue()))
    const [first] = servers
    if (first === undefined) throw new Error('there is no node')
    await together(servers)
    await reportRest(redis, running)
    const figures = await ask(first, nextHop, { plain, manyEach })
    print({ queued: each * NODES.length, ...figures })
    return { queued: each * NODES.length, ...figures }
  } finally {
    for (const one of running) await one.stop()
    await nextHop.close()
    await redis.kill()
  }
}

async function together(servers: readonly QueueServer[]): Promise<void> {
  for (const { dir } of servers) {
    for (;;) {
      const { cluster } = await callServer(dir, 'status', {})
      if (cluster?.nodes.filter(({ alive }) => alive).length === servers.length) break
      await sleep(200)
    }
  }
}

async function ask(
  { port }: QueueServer,
  nextHop: NextHop,
  { plain, manyEach }: { readonly plain: number; readonly manyEach: number },
): Promise<Omit<EtrnFigures, 'queued'>> {
  const client = await connect(port)
  await client.ehlo()
  let arrived = 0
  const timed = async (domain: string, count: number): Promise<number> => {
    const began = performance.now()
    const { code, text } = await client.command(`ETRN ${domain}`)
    const took = performance.now() - began
    const as = count === 0 ? code === 251 : code === 253 && text.startsWith(`${count} pending messages`)
    if (!as) throw new Error(`ETRN ${domain} with ${count} messages: ${code} ${text}`)
    arrived += count
    await nextHopHas(nextHop, arrived)
    return took
  }
  const none: number[] = []
  const few: number[] = []
  const many: number[] = []
  const arrivedPerSecond: number[] = []
  for (let n = 0; n < ASKED; n++) {
    none.push(await timed(`n${n}.example`, 0))
    const d = (n * 331) % DOMAINS
    few.push(await timed(`d${d}.example`, NODES.length * Math.ceil((plain - d) / DOMAINS)))
  }
  few.push(await timed(FEW_DOMAIN, NODES.length * FEW))
  for (const domain of MANY_DOMAINS) {
    const began = performance.now()
    many.push(await timed(domain, NODES.length * manyEach))
    arrivedPerSecond.push((NODES.length * manyEach * 1000) / (performance.now() - began))
  }
  await client.quit()
  // A second copy would come late.
  await sleep(2000)
  if (nextHop.messages.length !== arrived) throw new Error(`${nextHop.messages.length} arrived of ${arrived}`)
  return {
    replies: {
      'no message': none,
      [`${NODES.length * Math.floor(plain / DOMAINS)} or more messages`]: few,
      [`${NODES.length * manyEach} messages`]: many,
    },
    arrivedPerSecond,
  }
}

async function nextHopHas(nextHop: NextHop, count: number): Promise<void> {
  const until = performance.now() + 300_000
  while (nextHop.messages.length < count) {
    if (performance.now() > until) throw new Error(`${nextHop.messages.length} of ${count} arrived`)
    await sleep(20)
  }
}

/** Nodes that do nothing but say that they live. */
async function reportRest(redis: Parameters<typeof redisUse>[0], running: readonly RunningServer[]): Promise<void> {
  const pids = running.flatMap(({ pid }) => familyOf(pid))
  const [before, own] = [redisUse(redis), usageOf(pids)]
  await sleep(REST_MS)
  const [after, ownAfter] = [redisUse(redis), usageOf(pids)]
  const seconds = (after.atMs - before.atMs) / 1000
  const aNode = (value: number): number => value / seconds / running.length
  const head = [
    'at rest, a node and second',
    'Redis cpu ms',
    'bytes in',
    'bytes out',
    'node cpu ms',
    'node MB',
    'Redis MB in all',
  ]
  const row = [
    `${running.length} nodes`,
    aNode((after.cpuSeconds - before.cpuSeconds) * 1000).toFixed(2),
    aNode(after.bytesIn - before.bytesIn).toFixed(0),
    aNode(after.bytesOut - before.bytesOut).toFixed(0),
    aNode((ownAfter.cpuSeconds - own.cpuSeconds) * 1000).toFixed(1),
    (ownAfter.megabytes / running.length).toFixed(0),
    (after.bytesHeld / 1e6).toFixed(2),
  ]
  process.stdout.write(`\n${table(head, [row])}\n`)
}

function print({ queued, replies, arrivedPerSecond }: EtrnFigures): void {
  const rows = Object.entries(replies).map(([name, times]) => {
    const sorted = [...times].sort((a, b) => a - b)
    return [name, String(times.length), quantile(sorted, 0.5).toFixed(1), (sorted.at(-1) ?? 0).toFixed(1)]
  })
  const head = [`ETRN, ${NODES.length} nodes, ${queued} waiting`, 'times', 'p50 ms', 'most ms']
  process.stdout.write(`\n${table(head, rows)}\n`)
  process.stdout.write(
    `every number was right, each message arrived once; of many ${spreadText(arrivedPerSecond, 0)} arrived a second\n`,
  )
}
