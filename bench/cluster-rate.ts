import { setTimeout as sleep } from 'node:timers/promises'
import { startRedis, type TestRedis } from '../test/support/redis.js'
import { CASES } from './cases.js'
import { measure, type Measurement } from './measure.js'
import type { BenchOptions } from './options.js'
import { callsBetween, redisUse } from './redis-use.js'
import { report } from './report.js'
import { runRounds } from './rounds.js'
import { startSuite, type BenchServer } from './servers.js'
import { table } from './statistics.js'

const LIMITED = ['fromip_max 1000000']
/** More than a heartbeat: what a node has to say at its start is said. */
const SETTLED_MS = 5000

interface Pair {
  readonly off: BenchServer
  readonly on: BenchServer
  /** Whether Redis has to be asked for each message. */
  readonly asks: boolean
}

/** Mail into mailboxes with `[cluster]` on against off, without and with a limit that all nodes count together. */
export async function measureRate(options: BenchOptions): Promise<Measurement[][]> {
  const redis = await startRedis()
  const servers: BenchServer[] = []
  const start = async (name: string, on: boolean, conf: readonly string[]): Promise<BenchServer> => {
    const ini = on ? `[cluster]\nredis=true\nnode=${name.replace(/\W+/g, '-')}\n` : ''
    const server = await startSuite({ name, conf, ini, ...(on ? { redisIni: redis.ini } : {}) })
    servers.push(server)
    return server
  }
  try {
    const pair = async (limit: string, conf: readonly string[]): Promise<Pair> => ({
      off: await start(`off${limit}`, false, conf),
      on: await start(`on${limit}`, true, conf),
      asks: conf.length > 0,
    })
    const pairs = [await pair('', []), await pair(', fromip_max', LIMITED)]
    const cases = options.cases.filter(({ name }) => name.includes('mailbox'))
    const rounds = await runRounds(servers, cases.length > 0 ? cases : CASES.slice(0, 2), options)
    for (const { off, on } of pairs) {
      const two = [off.name, on.name]
      report(
        rounds.map((round) => round.filter(({ server }) => two.includes(server))),
        off.name,
        undefined,
      )
    }
    await reportRedis(redis, pairs, options)
    return rounds
  } finally {
    for (const server of servers) await server.stop()
    await redis.kill()
  }
}

/** What Redis has to do for a message. Apart from the rates: asking Redis for it would be part of them. */
async function reportRedis(redis: TestRedis, pairs: readonly Pair[], options: BenchOptions): Promise<void> {
  const rows: string[][] = []
  const [bench] = CASES
  if (bench === undefined) return
  for (const { on, asks } of pairs) {
    for (const kept of options.kept) {
      await sleep(SETTLED_MS)
      const before = redisUse(redis)
      const { messages } = await measure(on, bench, { ...options, kept })
      const after = redisUse(redis)
      const aMessage = (value: number): number => value / messages
      const calls = callsBetween(before, after).map(([command, count]) => [command, aMessage(count)] as const)
      const bytes = after.bytesIn - before.bytesIn + after.bytesOut - before.bytesOut
      // A limit of which Redis does not hear would make the comparison one of nothing.
      if (asks && !redis.command('KEYS', '*volume*').includes('fromip')) throw new Error('fromip_max is not counted')
      rows.push([
        `${on.name}, ${kept ? 'kept' : 'single'}`,
        calls.reduce((sum, [, count]) => sum + count, 0).toFixed(2),
        aMessage((after.cpuSeconds - before.cpuSeconds) * 1000).toFixed(3),
        aMessage(bytes).toFixed(0),
        calls
          .filter(([, count]) => count >= 0.005)
          .map(([command, count]) => `${command} ${count.toFixed(2)}`)
          .join(', '),
      ])
    }
  }
  const head = ['Redis, both nodes at once', 'commands a message', 'cpu s/1000', 'bytes a message', 'of them']
  process.stdout.write(`\n${table(head, rows)}\n`)
}
