import { callServer } from '../../lib/control/client.js'
import type { CommandName, Commands, Status } from '../../lib/control/protocol.js'
import type { Haraka, HarakaVersion } from '../support/haraka.js'
import { startNextHop, type NextHop } from '../support/next-hop.js'
import { familyOf, isStopped } from '../support/processes.js'
import { startRedis, type TestRedis } from '../support/redis.js'
import { send, type Reply } from '../support/smtp.js'
import { eventually, until } from '../support/wait.js'
import { subjectOf } from './etrn-site.js'
import { codes, makeSite, note, RELAYING, session, siteConf, siteIni, startSite, users } from './site.js'

/** A dial-up customer whose mail waits for ETRN on every node. */
export const CUSTOMER = 'customer.example.com'
/** Others, whose mail goes at once. */
export const OTHER = 'other.example.com'
export const MOVING = 'moving.example.com'

export interface Node {
  readonly name: string
  readonly haraka: Haraka
  call<Name extends CommandName>(command: Name, args: Commands[Name]['args']): Promise<Commands[Name]['result']>
  /** ETRN in a session of its own. */
  etrn(argument: string): Promise<Reply>
  /** Has messages for a domain accepted, one for each Subject. */
  submit(domain: string, ...subjects: readonly string[]): Promise<void>
  /** Resolves when its status says so. */
  comes(to: (status: Status) => boolean): Promise<void>
  /** Stops its workers, or its master too, where they are: it resolves when not a thread of them runs. */
  freeze(whom: 'all' | 'workers'): Promise<void>
  thaw(): void
}

/** Several Harakas that share Redis, and the next hop of all their mail. */
export interface ClusterSite {
  readonly redis: TestRedis
  readonly nextHop: NextHop
  readonly nodes: readonly [Node, Node, Node]
  /** Resolves when each of these sees so many nodes that live. */
  together(...nodes: readonly Node[]): Promise<void>
  /** The Subjects of what the next hop took, sorted. */
  taken(): string[]
  /**
   * Begins something that asks the two other nodes, of which one is frozen; resolves to its promise, in an object, when that node is
   * the only one that is waited for.
   */
  waiting<T>(begin: () => Promise<T>): Promise<{ readonly answer: Promise<T> }>
  /** Resolves when all of this was taken, each once, and nothing else with these words in front. */
  tookOnce(...subjects: readonly string[]): Promise<void>
  close(): Promise<void>
}

export interface ClusterOptions {
  readonly version: HarakaVersion
  /** Of the third node, where it is another. */
  readonly third?: HarakaVersion
  /** Further files of config/ on the first. */
  readonly first?: Readonly<Record<string, string>>
  /** `nodes` of smtp.ini on the second of the three; the others have one worker. */
  readonly workers?: number
  readonly etrn?: string
  readonly conf?: readonly string[]
  readonly ini?: string
  /** How long nodes wait for each other. */
  readonly answerTimeout?: string
  /** Further environment of all. */
  readonly env?: Readonly<Record<string, string>>
}

export async function startClusterSite(options: ClusterOptions): Promise<ClusterSite> {
  const {
    version,
    third = version,
    first = {},
    workers = 1,
    etrn = 'rate=off',
    conf = [],
    ini = '',
    answerTimeout = '10s',
    env = {},
  } = options
  const [redis, nextHop] = await Promise.all([startRedis(), startNextHop()])
  const start = async (name: string): Promise<Node> => {
    const site = makeSite()
    site.write('users.txt', users('bob'))
    const lines = [`gateway *.example.com 127.0.0.1:${nextHop.port}`, `suspend_domain ${CUSTOMER}`, ...conf]
    const cluster = `[cluster]\nredis=true\nnode=${name}\nanswer_timeout=${answerTimeout}\n`
    const haraka = await startSite(name === 'three' ? third : version, siteConf(site, lines), {
      nodes: name === 'two' ? workers : 1,
      env,
      config: {
        'redis.ini': redis.ini,
        'dmail.ini': siteIni(`[etrn]\n${etrn}\n${cluster}${ini}`),
        ...(name === 'one' ? first : {}),
      },
    })
    return nodeOf(name, haraka)
  }
  const nodes = await Promise.all([start('one'), start('two'), start('three')])

  const taken = (): string[] => nextHop.messages.map(subjectOf).sort()
  return {
    redis,
    nextHop,
    nodes,
    together: async (...some) => {
      const names = some.map(({ name }) => name).sort()
      for (const node of some) {
        await node.comes(({ cluster }) => {
          const living = cluster?.nodes.filter(({ alive }) => alive).map((one) => one.node)
          return cluster?.state === 'joined' && living?.sort().join() === names.join()
        })
      }
    },
    taken,
    waiting: async (begin) => {
      // Each question is sent, and each answer.
      const sent = (): number =>
        Number(/^cmdstat_publish:calls=(\d+)/m.exec(redis.command('INFO', 'commandstats'))?.[1] ?? 0)
      const before = sent()
      const answer = begin()
      answer.catch(() => undefined)
      await until(() => sent() - before === 3, { otherwise: () => `${sent() - before} were sent` })
      return { answer }
    },
    tookOnce: async (...subjects) => {
      const wanted = [...subjects].sort().join()
      const prefix = subjects[0]?.split(' ')[0] ?? ''
      const mine = (): string =>
        taken()
          .filter((subject) => subject.startsWith(prefix))
          .join()
      await eventually(
        () => Promise.resolve(mine().length >= wanted.length),
        () => `taken: ${mine()}`,
      )
      // A second copy would come from a queue that is not empty yet.
      for (const { haraka } of nodes) {
        await eventually(() => Promise.resolve(!queued(haraka).some((subject) => subjects.includes(subject))))
      }
      if (mine() !== wanted) throw new Error(`taken: ${mine()}; wanted: ${wanted}`)
    },
    close: async () => {
      await Promise.all(nodes.map(({ haraka }) => haraka.stop()))
      await nextHop.close()
      await redis.kill()
    },
  }
}

function nodeOf(name: string, haraka: Haraka): Node {
  const call: Node['call'] = (command, args) => callServer(haraka.dir, command, args)
  const signal = (name: NodeJS.Signals, whom: 'all' | 'workers'): void => {
    haraka.kill(name, 'workers')
    if (whom === 'all') haraka.kill(name, 'master')
  }
  return {
    name,
    haraka,
    call,
    freeze: async (whom) => {
      const pids = [...haraka.workers(), ...(whom === 'all' ? [haraka.pid] : [])]
      const refs = familyOf(haraka.pid).filter(({ pid }) => pids.includes(pid))
      signal('SIGSTOP', whom)
      await until(() => refs.every(isStopped), { otherwise: () => `${name} does not stop` })
    },
    thaw: () => {
      signal('SIGCONT', 'all')
    },
    etrn: (argument) => session(haraka.port, {}, (client) => client.command(`ETRN ${argument}`)),
    submit: async (domain, ...subjects) => {
      for (const subject of subjects) {
        const message = note(subject)
        const { final } = await send(haraka.port, {
          from: 'ann@example.com',
          to: [`guest@${domain}`],
          message,
          localAddress: RELAYING,
        })
        if (codes(final) !== '250 2.0.0') throw new Error(`${subject}: ${codes(final)} ${final.text}`)
      }
    },
    comes: async (to) => {
      let last: Status | undefined
      await eventually(
        async () => {
          last = await call('status', {})
          return to(last)
        },
        () =>
          `on ${name}: ${JSON.stringify(last?.cluster)} ${JSON.stringify(last?.suspensions)}\n${haraka.log.slice(-3000)}`,
      )
    },
  }
}

/** The Subjects in a queue. */
export function queued(haraka: Haraka): string[] {
  return haraka.queueFiles().flatMap((name) => {
    try {
      return [/^Subject: (.*)$/m.exec(haraka.read(`queue/${name}`))?.[1]?.trim() ?? '']
    } catch {
      // It has just been sent, or has its next name.
      return []
    }
  })
}

/** Whether an operator suspends a domain there. */
export function suspends(domain: string): (status: Status) => boolean {
  return ({ suspensions }) => suspensions.some((one) => one.domain === domain && one.at === undefined)
}
