import { writeFileSync } from 'node:fs'
import { cpus } from 'node:os'
import { setTimeout as sleep } from 'node:timers/promises'
import { startNextHop } from '../test/support/next-hop.js'
import { runLoad } from './load.js'
import { readOptions, type BenchOptions } from './options.js'
import { etrnFew, listFew, type Command } from './queue-commands.js'
import { copyQueue, writeLargeQueue } from './queue-files.js'
import { plainServer, suiteServer, type QueueServer, type RunningServer } from './queue-servers.js'
import { spreadOf, table } from './statistics.js'
import { familyOf, usageOf } from './usage.js'

/*
 * `npm run bench:queue`: a hundred thousand messages in the queue. How long Haraka takes to start with them, alone and with the
 * suite, and whether queue commands and ETRN for a domain with a few messages answer soon without holding up new mail.
 *
 *     node dist/bench/queue.js [--queue 100000] [--messages 3000] [--rounds 3] [--clients 10] [--json FILE]
 */

const DOMAINS = 10_000
const FEW = 10
const EVERY_MS = 1000

interface Start {
  readonly server: string
  readonly takesMailS: number
  readonly knowsQueueS: number
  readonly megabytes: number
  readonly peakMegabytes: number
}

/** New mail while a command is given every second, or none. */
interface Phase {
  readonly command: string
  readonly perSecond: number
  /** Compared with the mean of the phases without commands before and after it. */
  readonly ratio?: number
  readonly latenciesMs: readonly number[]
  readonly problems: readonly string[]
}

async function measureStart(server: QueueServer): Promise<{ start: Start; running: RunningServer }> {
  const began = performance.now()
  const since = (): number => (performance.now() - began) / 1000
  const running = server.start()
  const [takesMailS, knowsQueueS] = await Promise.all([
    running.takesMail().then(since),
    running.knowsQueue().then(since),
  ])
  const { megabytes, peakMegabytes } = usageOf(familyOf(running.pid))
  return { start: { server: server.name, takesMailS, knowsQueueS, megabytes, peakMegabytes }, running }
}

async function measurePhase(
  server: QueueServer,
  name: string,
  command: Command | undefined,
  { messages, clients }: BenchOptions,
): Promise<Phase> {
  const latenciesMs: number[] = []
  const problems: string[] = []
  let loading = true
  const commands = async (): Promise<void> => {
    while (loading && command !== undefined) {
      const from = performance.now()
      const problem = await command(server)
      latenciesMs.push(performance.now() - from)
      if (problem !== undefined) problems.push(problem)
      await sleep(EVERY_MS)
    }
  }
  const load = runLoad({
    port: server.port,
    clients,
    messages,
    kept: true,
    bytes: 4096,
    recipient: (n) => `u${n % 100}@${server.domain}`,
    prefix: name,
  }).finally(() => {
    loading = false
  })
  const [{ seconds, refused }] = await Promise.all([load, commands()])
  if (refused > 0) problems.push(`${refused} refused`)
  return { command: name, perSecond: messages / seconds, latenciesMs, problems }
}

/** Commands and none take turns, so that what changes on the machine meets both. */
async function measureRound(server: QueueServer, options: BenchOptions): Promise<Phase[]> {
  const etrn = await etrnFew(server, FEW)
  const without = (): Promise<Phase> => measurePhase(server, 'none', undefined, options)
  const compared = (before: Phase, phase: Phase, after: Phase): Phase => ({
    ...phase,
    ratio: phase.perSecond / ((before.perSecond + after.perSecond) / 2),
  })
  const first = await without()
  const list = await measurePhase(server, 'queue list', listFew(FEW), options)
  const second = await without()
  const flush = await measurePhase(server, 'ETRN', etrn.command, options)
  const third = await without()
  await etrn.end()
  return [first, compared(first, list, second), second, compared(second, flush, third), third]
}

async function main(): Promise<void> {
  const argv = process.argv.slice(2)
  const options = readOptions(argv)
  const at = argv.indexOf('--queue')
  const messages = at < 0 ? 100_000 : Number(argv[at + 1])
  // Mail for the domain with few messages is always refused for now, and waits again.
  const nextHop = await startNextHop({ reply: { rcpt: () => '450 4.2.1 try again later' } })
  const [plain, suite] = [await plainServer(), await suiteServer(nextHop.port, messages + FEW)]
  process.stderr.write(`writing ${messages} queue files\n`)
  writeLargeQueue(suite.dir, { messages, domains: DOMAINS, few: FEW })
  copyQueue(suite.dir, plain.dir)

  const alone = await measureStart(plain)
  await alone.running.stop()
  const { start, running } = await measureStart(suite)
  const rounds: Phase[][] = []
  try {
    await measurePhase(suite, 'warm-up', undefined, options)
    for (let round = 0; round < options.rounds; round++) {
      rounds.push(await measureRound(suite, options))
      process.stderr.write('.')
    }
  } finally {
    await running.stop()
    await nextHop.close()
  }
  const starts = [alone.start, start]
  process.stdout.write(`\n${startTable(starts)}\n\n${phaseTable(rounds)}\n`)
  if (options.json !== undefined) {
    const machine = { cpus: cpus().length, node: process.version }
    writeFileSync(options.json, `${JSON.stringify({ machine, messages, starts, rounds }, null, 2)}\n`)
  }
}

function startTable(starts: readonly Start[]): string {
  return table(
    ['start', 'takes mail s', 'knows queue s', 'MB', 'peak MB'],
    starts.map((one) => [
      one.server,
      one.takesMailS.toFixed(1),
      one.knowsQueueS.toFixed(1),
      one.megabytes.toFixed(0),
      one.peakMegabytes.toFixed(0),
    ]),
  )
}

function phaseTable(rounds: readonly (readonly Phase[])[]): string {
  const phases = rounds.flat()
  const names = [...new Set(phases.map(({ command }) => command))]
  return table(
    ['command each second', 'mails per s', 'of none', 'ms', 'most ms', 'times', 'answers'],
    names.map((name) => {
      const same = phases.filter(({ command }) => command === name)
      const latency = spreadOf(same.flatMap(({ latenciesMs }) => latenciesMs))
      const ratio = spreadOf(same.flatMap((phase) => phase.ratio ?? []))
      const times = same.reduce((sum, { latenciesMs }) => sum + latenciesMs.length, 0)
      return [
        name,
        spreadOf(same.map(({ perSecond }) => perSecond)).median.toFixed(0),
        ratio.median === 0 ? '' : `${ratio.median.toFixed(2)} (${ratio.least.toFixed(2)}-${ratio.most.toFixed(2)})`,
        times === 0 ? '' : latency.median.toFixed(1),
        times === 0 ? '' : latency.most.toFixed(1),
        String(times),
        [...new Set(same.flatMap(({ problems }) => problems))].join('; ') || 'as they should be',
      ]
    }),
  )
}

main().catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`)
  process.exitCode = 1
})
