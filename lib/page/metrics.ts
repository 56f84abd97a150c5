import type { QueueRow } from '../queue/shown.js'
import type { Totals } from './tally.js'

/** Everything /dmail/metrics tells. */
export interface MetricsData {
  readonly version: string
  readonly startedMs: number
  /** Processes with a queue that answered, and those that did not. */
  readonly workers: number
  readonly missing: number
  readonly queue: {
    readonly bytes: number
    readonly states: Readonly<Record<QueueRow['state'], number>>
  }
  readonly totals: Totals
  /** Of a Haraka that is a node. */
  readonly cluster?: { readonly connected: boolean; readonly nodes: number }
}

interface Metric {
  readonly name: string
  readonly type: 'gauge' | 'counter'
  readonly help: string
  readonly samples: readonly (readonly [labels: Readonly<Record<string, string>>, value: number])[]
}

/** The content type of the text format. */
export const METRICS_TYPE = 'text/plain; version=0.0.4; charset=utf-8'

/** The text format of Prometheus. */
export function metricsText(data: MetricsData): string {
  return metricsOf(data)
    .map(({ name, type, help, samples }) => {
      const lines = samples.map(([labels, value]) => `${name}${labelsText(labels)} ${value}\n`)
      return `# HELP ${name} ${help}\n# TYPE ${name} ${type}\n${lines.join('')}`
    })
    .join('')
}

function metricsOf({ version, startedMs, workers, missing, queue, totals, cluster }: MetricsData): Metric[] {
  const { events, refusals } = totals.counts
  return [
    one('dmail_info', 'gauge', 'Always 1; the version is in the label.', 1, { version }),
    one(
      'dmail_start_time_seconds',
      'gauge',
      'When Haraka started, in seconds since 1970.',
      Math.floor(startedMs / 1000),
    ),
    one('dmail_workers', 'gauge', 'Processes with a queue that are up and answer.', workers),
    one('dmail_workers_missing', 'gauge', 'Processes that did not answer: the queue lacks what they have.', missing),
    {
      name: 'dmail_queue_messages',
      type: 'gauge',
      help: 'Messages in the queue.',
      samples: Object.entries(queue.states).map(([state, count]) => [{ state }, count]),
    },
    one('dmail_queue_bytes', 'gauge', 'Bytes in the queue.', queue.bytes),
    one(
      'dmail_deliveries_total',
      'counter',
      'Recipients whose mail was delivered, here or to a next hop.',
      events.delivered,
    ),
    one('dmail_failures_total', 'counter', 'Recipients whose mail failed for good.', events.failed),
    one('dmail_deferrals_total', 'counter', 'Attempts after which a message waits for another.', events.deferred),
    {
      name: 'dmail_rcpt_refusals_total',
      type: 'counter',
      help: 'Recipients refused at RCPT; other = by another plugin.',
      samples: Object.entries(refusals).map(([reply, count]) => [{ reply }, count]),
    },
    one('dmail_robots_running', 'gauge', 'Robots that run.', totals.robots.running),
    one('dmail_robots_waiting', 'gauge', 'Robots that wait for a place.', totals.robots.waiting),
    one('dmail_lookups_total', 'counter', 'Look-ups of users; answers from the cache count.', events.lookups),
    one('dmail_lookup_failures_total', 'counter', 'Look-ups that had no answer.', events.lookupFailures),
    one('dmail_reloads_total', 'counter', 'Reloads of the configuration, in each process.', events.reloads),
    one('dmail_reload_errors_total', 'counter', 'Reloads that were not taken, in each process.', events.reloadErrors),
    ...(cluster === undefined
      ? []
      : [
          one(
            'dmail_cluster_connected',
            'gauge',
            'Whether this node shares what it knows with others.',
            Number(cluster.connected),
          ),
          one('dmail_cluster_nodes', 'gauge', 'Nodes that are up, this one too.', cluster.nodes),
        ]),
  ]
}

function one(
  name: string,
  type: Metric['type'],
  help: string,
  value: number,
  labels: Readonly<Record<string, string>> = {},
): Metric {
  return { name, type, help, samples: [[labels, value]] }
}

function labelsText(labels: Readonly<Record<string, string>>): string {
  const pairs = Object.entries(labels).map(([name, value]) => `${name}="${value.replace(/[\\"\n]/g, quoted)}"`)
  return pairs.length === 0 ? '' : `{${pairs.join(',')}}`
}

function quoted(character: string): string {
  return character === '\n' ? '\\n' : `\\${character}`
}
