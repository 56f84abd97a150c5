import { countArrivals, waitForArrivals } from './arrivals.js'
import type { BenchCase } from './cases.js'
import { runLoad } from './load.js'
import { emptyMail, type BenchServer } from './servers.js'
import { quantile } from './statistics.js'
import { usageOf } from './usage.js'

/** One case on one server, once. */
export interface Measurement {
  readonly server: string
  readonly case: string
  readonly kept: boolean
  readonly clients: number
  readonly messages: number
  /** Copies that arrived per second, until the last one was there. */
  readonly deliveriesPerSecond: number
  /** Milliseconds from MAIL to the reply. */
  readonly p50: number
  readonly p99: number
  /** CPU seconds of all processes of the server per 1000 deliveries. */
  readonly cpuPerThousand: number
  readonly peakMegabytes: number
  /** What is wrong with what arrived; empty when every message arrived as often as it should. */
  readonly problems: readonly string[]
}

/** A copy is at least so large, compared with what was asked for: line ends are shorter, the last line may be missing. */
const LEAST_PART = 0.9

let runs = 0

/** Sends a case's messages to a server and waits until every copy is where it belongs. */
export async function measure(
  server: BenchServer,
  { name, local, copies, share, bytes }: BenchCase,
  options: { readonly messages: number; readonly clients: number; readonly kept: boolean },
): Promise<Measurement> {
  emptyMail(server)
  const prefix = `run${process.pid}.${runs++}`
  const messages = Math.max(options.clients, Math.round(options.messages * share))
  const before = usageOf(server.processes())
  const began = process.hrtime.bigint()
  const { seconds, latencies, refused } = await runLoad({
    port: server.port,
    clients: options.clients,
    messages,
    kept: options.kept,
    bytes,
    recipient: (n) => `${local(n)}@${server.domain}`,
    prefix,
  })
  const problems = refused === 0 ? [] : [`${refused} refused`]
  let elapsed = seconds
  if (server.mail !== undefined) {
    const ended = await waitForArrivals(server.mail, messages * copies * bytes * LEAST_PART)
    const { copies: arrived, messages: different, wrong } = countArrivals(server.mail, prefix, copies)
    elapsed =
      server.acknowledgesWhenStored && name !== 'robot' ? seconds : Math.max(seconds, Number(ended - began) / 1e9)
    if (arrived !== messages * copies || different !== messages || wrong > 0) {
      problems.push(`${arrived} copies of ${different} messages, ${wrong} in a wrong number, sent ${messages}`)
    }
  }
  const after = usageOf(server.processes())
  const deliveries = server.mail === undefined ? messages : messages * copies
  return {
    server: server.name,
    case: name,
    kept: options.kept,
    clients: options.clients,
    messages,
    deliveriesPerSecond: deliveries / elapsed,
    p50: quantile(latencies, 0.5),
    p99: quantile(latencies, 0.99),
    cpuPerThousand: ((after.cpuSeconds - before.cpuSeconds) / deliveries) * 1000,
    peakMegabytes: after.peakMegabytes,
    problems,
  }
}
