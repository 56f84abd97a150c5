import type { Haraka, HarakaVersion } from '../support/haraka.js'
import { startNextHop, type NextHop, type ReceivedMessage } from '../support/next-hop.js'
import { send, type Reply, type SmtpClient } from '../support/smtp.js'
import { codes, makeSite, note, RELAYING, session, siteConf, siteIni, startSite, users } from './site.js'

/** A Haraka of every kind that ETRN is shown with: a master and so many workers. */
export const ETRN_SERVERS: readonly { readonly version: HarakaVersion; readonly nodes: number }[] = [
  { version: '3.3', nodes: 1 },
  { version: '3.3', nodes: 3 },
  { version: '3.1', nodes: 1 },
]

/** A dial-up customer whose mail waits for ETRN. */
export const CUSTOMER = 'customer.example.com'
/** Another one, whose mail is tried now and then. */
export const BRANCH = 'branch.example.com'

export interface EtrnSite {
  readonly haraka: Haraka
  /** Where mail for both goes, and reports for senders. */
  readonly nextHop: NextHop
  /** Has messages accepted, one session for each, so that they spread over the workers. */
  submit(domain: string, ...subjects: readonly string[]): Promise<void>
  /** ETRN in a session of its own. */
  etrn(argument: string): Promise<Reply>
  /** The Subjects of what the next hop took, sorted; for one domain, or all. */
  taken(domain?: string): string[]
  close(): Promise<void>
}

export interface EtrnOptions {
  readonly version: HarakaVersion
  readonly nodes: number
  /** Lines of `[etrn]`; default `rate=off`. */
  readonly etrn?: string
  /** `[outbound] retry_interval`. */
  readonly retry?: string
  readonly conf?: readonly string[]
}

export async function startEtrnSite(options: EtrnOptions): Promise<EtrnSite> {
  const { version, nodes, etrn = 'rate=off', retry = '2h', conf = [] } = options
  const site = makeSite()
  const nextHop = await startNextHop()
  site.write('users.txt', users('bob'))
  const lines = [
    ...[CUSTOMER, BRANCH, 'example.com'].map((domain) => `gateway ${domain} 127.0.0.1:${nextHop.port}`),
    `suspend_domain ${CUSTOMER}`,
    ...conf,
  ]
  const ini = siteIni(`[etrn]\n${etrn}\n[outbound]\nretry_interval=${retry}\n`)
  const haraka = await startSite(version, siteConf(site, lines), { nodes, config: { 'dmail.ini': ini } })

  return {
    haraka,
    nextHop,
    submit: async (domain, ...subjects) => {
      for (const subject of subjects) {
        const { final } = await send(haraka.port, {
          from: 'ann@example.com',
          to: [`guest@${domain}`],
          message: note(subject),
          localAddress: RELAYING,
        })
        if (codes(final) !== '250 2.0.0') throw new Error(`${subject}: ${codes(final)} ${final.text}`)
      }
    },
    etrn: (argument) => session(haraka.port, {}, (client) => client.command(`ETRN ${argument}`)),
    taken: (domain) =>
      nextHop.messages
        .filter(({ rcpts }) => domain === undefined || rcpts.some(({ address }) => address.endsWith(`@${domain}`)))
        .map(subjectOf)
        .sort(),
    close: async () => {
      await haraka.stop()
      await nextHop.close()
    },
  }
}

export function subjectOf({ data }: ReceivedMessage): string {
  return /^Subject: (.*)\r$/m.exec(data.toString('latin1'))?.[1] ?? ''
}

/** `253 text`, for comparing. */
export function said({ code, lines }: Reply): string {
  return `${code} ${lines.join(' ')}`
}

/** The number of a 253, 0 for any other reply. */
export function countOf({ code, text }: Reply): number {
  return code === 253 ? Number(/^\d+/.exec(text)?.[0]) : 0
}

/** The Subjects of the messages in one process's queue. */
export function queuedBy(haraka: Haraka, pid: number): string[] {
  return haraka
    .queueFiles()
    .filter((name) => name.split('_')[3] === String(pid))
    .map((name) => /^Subject: (.*)$/m.exec(haraka.read(`queue/${name}`))?.[1]?.trim() ?? '')
}

/** The processes that the queue files belong to (Haraka's outbound/qfile.js). */
export function queuePids(haraka: Haraka): number[] {
  return [...new Set(haraka.queueFiles().map((name) => Number(name.split('_')[3])))].sort()
}

/** Resolves when so many messages in the queue have failed, and wait with a timer of their own. */
export async function failedOnce(haraka: Haraka, count: number): Promise<void> {
  await haraka.waitFor(() => haraka.queueFiles().filter((name) => Number(name.split('_')[2]) > 0).length === count, {
    watch: 'queue',
  })
}

/** Keeps every message in the hands of the next hop until it is let go. */
export interface Held {
  /** How many are held. */
  readonly count: number
  /** Answers all that are held, by Subject; those that come later are taken. */
  release(answer: (subject: string) => string): void
}

export function holdMessages(nextHop: NextHop): Held {
  let count = 0
  let release: (answer: (subject: string) => string) => void = () => undefined
  const answered = new Promise<(subject: string) => string>((resolve) => {
    release = resolve
  })
  nextHop.reply = {
    message: async (message) => {
      count++
      return (await answered)(subjectOf(message))
    },
  }
  return {
    get count() {
      return count
    },
    release: (answer) => {
      nextHop.reply = {}
      release(answer)
    },
  }
}

/** The keywords of a reply to EHLO. */
export async function keywords(client: SmtpClient): Promise<string[]> {
  return (await client.ehlo()).lines.slice(1)
}
