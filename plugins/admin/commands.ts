import { compilePatternList } from '../../lib/conf/wildcard.js'
import { readDomain } from '../../lib/conf/value-mail.js'
import type { Told } from '../../lib/cluster/types.js'
import { readSummary } from '../../lib/cluster/summary.js'
import { Refusal, type Handlers } from '../../lib/control/handlers.js'
import type { Status } from '../../lib/control/protocol.js'
import type { Coverage } from '../../lib/queue/shown.js'
import { inForce, suspensionTable, type Suspension } from '../../lib/queue/suspensions.js'
import { packageVersion } from '../../lib/version.js'
import { NO_SEAT, type Seat } from '../cluster.js'
import { flushAllNodes } from '../flush.js'
import type { Shared } from '../shared.js'
import { readSuspended, withoutSuspension, withSuspension, type Operator } from './operator.js'
import { askAll } from './questions.js'
import { queueCommands } from './queue-commands.js'
import type { LogCommands } from './log-commands.js'
import type { RespondCommands } from './respond-commands.js'
import type { SettingsCommands } from './settings-commands.js'
import { queueStatus } from './status.js'

/** The question of one node to all others. */
const CLEAR = 'users.clear'

/** What an operator gives as a reason is shown with every message it keeps. */
const MAX_REASON = 500

/** The commands about the queue, suspensions, users and the whole server. In the one process. */
export function commands(
  { crew, live, hub }: Pick<Shared, 'crew' | 'live' | 'hub'>,
  operator: Operator,
  notice: (text: string) => void,
  seat: Seat = NO_SEAT,
): Omit<Handlers, keyof SettingsCommands | keyof LogCommands | keyof RespondCommands | 'queue.adopt'> {
  const startedMs = Math.round(Date.now() - process.uptime() * 1000)
  const version = packageVersion()

  /** As every process has them: the operator's first. */
  function suspensions(): readonly Suspension[] {
    const nowMs = Date.now()
    const all = [...operator.current().suspensions, ...(live.loaded()?.suspensions ?? [])]
    return all.filter((one) => inForce(one, nowMs))
  }

  async function clearUsers(): Promise<Pick<Coverage, 'workers' | 'missing'>> {
    // A master has a cache of its own, and is none of those asked.
    live.clearUsers()
    const { answers, missing } = await askAll(crew, 'users.clear', {})
    return { workers: answers.length, missing }
  }
  seat.onAsk(CLEAR, clearUsers)

  return {
    ...queueCommands(crew, operator, notice),

    async suspend({ domain, reason, untilMs }) {
      const name = readSuspended(domain)
      const sinceMs = Date.now()
      if (untilMs !== undefined && untilMs <= sinceMs) {
        throw new Refusal('the end of the suspension has passed already', 'give a time to come, or none')
      }
      const text = printable(reason ?? '')
      const suspension: Suspension = {
        domain: name,
        ...(text === '' ? {} : { reason: text }),
        sinceMs,
        ...(untilMs === undefined ? {} : { untilMs }),
      }
      const nodes = await operator.change((state) => withSuspension(state, suspension))
      notice(`${name} suspended${text === '' ? '' : ` (${text})`}`)
      const { answers } = await askAll(crew, 'queue.count', { domain: name })
      return {
        suspension,
        waiting: answers.reduce((sum, count) => sum + count, 0),
        ...(nodes === undefined ? {} : { nodes }),
      }
    },

    async resume({ domain }) {
      const name = readSuspended(domain)
      const resumed = operator.current().suspensions.some((one) => one.domain === name && inForce(one, Date.now()))
      let nodes: Told | undefined
      if (resumed) {
        nodes = await operator.change((state) => withoutSuspension(state, name))
        notice(`${name} resumed`)
      }
      const still = stillSuspending(suspensions(), name)
      return { resumed, ...(still === undefined ? {} : { still }), ...(nodes === undefined ? {} : { nodes }) }
    },

    async etrn({ node }) {
      const below = node.startsWith('@')
      const domain = readDomain(below ? node.slice(1) : node)
      if (domain === undefined) {
        throw new Refusal(`"${node}" is not a domain`, 'write domain1.com, or @domain1.com for its sub-domains as well')
      }
      const result = await flushAllNodes(crew, seat, { domain, below })
      notice(`etrn ${node}: ${result.running ? 'is running already' : `${result.count} messages`}`)
      return result
    },

    async 'clear-cache'() {
      const [own, { answered, silent }] = await Promise.all([clearUsers(), seat.ask(CLEAR)])
      notice('the cache of user look-ups is empty')
      return seat.cluster() === undefined ? own : { ...own, nodes: { answered, silent } }
    },

    async status() {
      const ras = hub.ras()
      return {
        version,
        pid: process.pid,
        startedMs,
        ...(await queueStatus(crew, suspensions())),
        ...(ras === undefined ? {} : { ras }),
        ...(await clusterStatus(seat)),
      }
    },
  }
}

/** Of a Haraka that is a node. */
async function clusterStatus(seat: Seat): Promise<Pick<Status, 'cluster'>> {
  const cluster = seat.cluster()
  if (cluster === undefined) return {}
  const summaries = await cluster.summaries().catch(() => new Map<string, string>())
  const nodes = cluster.nodes().map((one) => {
    const summary = readSummary(summaries.get(one.node))
    return { ...one, ...(summary === undefined ? {} : { summary }) }
  })
  return { cluster: { ...cluster.standing(), nodes } }
}

/** What suspends a domain, or every domain of a pattern. */
export function stillSuspending(suspensions: readonly Suspension[], name: string): Suspension | undefined {
  if (!name.includes('*')) return suspensionTable(suspensions).find(name, Date.now())
  return suspensions.find(({ domain }) => compilePatternList(domain)(name))
}

/** One line, without what would act on a terminal. */
function printable(text: string): string {
  return text
    .replace(/\p{Cc}+/gu, ' ')
    .trim()
    .slice(0, MAX_REASON)
}
