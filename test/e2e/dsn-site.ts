import assert from 'node:assert/strict'
import { readReport, type ReadReport } from '../dsn/read-report.js'
import type { Haraka, HarakaVersion } from '../support/haraka.js'
import type { MboxMessage } from '../support/mbox.js'
import { startNextHop, type NextHop, type NextHopOptions } from '../support/next-hop.js'
import type { Reply } from '../support/smtp.js'
import { makeRobots, type Robots } from './robots.js'
import { codes, makeSite, note, RELAYING, session, siteConf, siteIni, startSite, users, type Site } from './site.js'
import { allWait } from './waiting.js'

/** Every way to say, or not to say, at RCPT what one wants to hear; `hears` is what that means (N3). */
export const WISHES = [
  { params: undefined, hears: 'FAILURE' },
  { params: 'NOTIFY=NEVER', hears: '' },
  { params: 'NOTIFY=SUCCESS', hears: 'SUCCESS' },
  { params: 'NOTIFY=FAILURE', hears: 'FAILURE' },
  { params: 'NOTIFY=DELAY', hears: 'DELAY' },
  { params: 'NOTIFY=SUCCESS,FAILURE', hears: 'SUCCESS FAILURE' },
  { params: 'NOTIFY=SUCCESS,DELAY', hears: 'SUCCESS DELAY' },
  { params: 'NOTIFY=FAILURE,DELAY', hears: 'FAILURE DELAY' },
  { params: 'NOTIFY=SUCCESS,FAILURE,DELAY', hears: 'SUCCESS FAILURE DELAY' },
] as const

export type Hearing = 'SUCCESS' | 'FAILURE' | 'DELAY'

/** One recipient for each of WISHES. */
export function withEveryWish(address: (n: number) => string): Letter['to'] {
  return WISHES.map(({ params }, n) => [address(n), params])
}

/** What `told` shows when this happened to all of `withEveryWish`. */
export function toldOf(hearing: Hearing, action: string, address: (n: number) => string): string[] {
  return WISHES.flatMap(({ hears }, n) => (hears.includes(hearing) ? [`${action} ${address(n)}`] : [])).sort()
}

export interface Letter {
  readonly subject: string
  /** Recipients, with the parameters at RCPT where there are some. */
  readonly to: readonly (string | readonly [address: string, params: string | undefined])[]
  /** The local user fred unless told otherwise. */
  readonly from?: string
  readonly mailParams?: string
  /** Instead of a short note with the subject. */
  readonly message?: string | Buffer
  /** A client that may relay, unless told otherwise. */
  readonly client?: string
  /** Between the last RCPT and DATA. */
  readonly meanwhile?: () => void
}

/** Sends it in a session of its own; the replies to all recipients, and the last word. */
export async function post(haraka: Haraka, letter: Letter): Promise<{ rcpt: readonly Reply[]; final: Reply }> {
  const { subject, to, from = 'fred@domain1.com', mailParams, message = note(subject), client = RELAYING } = letter
  return session(haraka.port, { localAddress: client }, async (smtp) => {
    assert.equal((await smtp.mail(from, mailParams)).code, 250)
    const rcpt: Reply[] = []
    for (const each of to) {
      const [address, params] = typeof each === 'string' ? [each, undefined] : each
      rcpt.push(await smtp.rcpt(address, params))
    }
    letter.meanwhile?.()
    return { rcpt, final: await smtp.data(message) }
  })
}

/** The same for a message that must be accepted, for all. */
export async function submit(haraka: Haraka, letter: Letter): Promise<void> {
  const { rcpt, final } = await post(haraka, letter)
  const texts = [...rcpt, final].map(({ text }) => text).join(' / ')
  assert.deepEqual([...new Set(rcpt.map(({ code }) => code)), codes(final)], [250, '250 2.0.0'], texts)
}

/** Resolves when all that is in the queue has been tried, and so every report of it is where it belongs. */
export async function tried(haraka: Haraka, times = 1): Promise<void> {
  await allWait(haraka, ({ attempts }) => attempts >= times)
}

/** A report to a sender, taken apart. */
export interface SentReport extends ReadReport {
  /** As it was sent, with CRLF. */
  readonly raw: Buffer
  readonly subject: string | undefined
  /** The text for a person. */
  readonly words: string
}

/** Reads a report by the rules of its form, and checks what holds for each of ours (N1). */
export function checkReport(raw: Buffer): SentReport {
  const report = readReport(raw)
  const field = (name: string): string | undefined => new RegExp(`^${name}: (.*)$`, 'm').exec(report.head)?.[1]
  assert.equal(field('From'), 'bob@domain1.com')
  assert.equal(field('Auto-Submitted'), 'auto-replied')
  assert.match(field('Message-ID') ?? '', /^<[^<>@\s]+@mail\.example\.com>$/)
  assert.equal(report.message.get('reporting-mta'), 'dns; mail.example.com')
  assert.ok(!Number.isNaN(Date.parse(report.message.get('arrival-date') ?? '')))
  return { ...report, raw, subject: field('Subject'), words: report.text }
}

/** The reports in a user's drop file, in the order they came. */
export function reportsTo(site: Site, user: string): SentReport[] {
  return site
    .mail(user)
    .filter(({ sender }) => sender === 'MAILER-DAEMON')
    .map((message) => {
      assert.equal(message.header('Return-Path'), '<>')
      return checkReport(asSent(message))
    })
}

/** Those on messages with this subject. */
export function reportsOn(site: Site, user: string, subject: string): SentReport[] {
  return reportsTo(site, user).filter((report) => subjectOfReturned(report) === subject)
}

export function subjectOfReturned({ returned }: ReadReport): string | undefined {
  return /^Subject: (.*)\r$/m.exec(returned.toString('utf8'))?.[1]
}

/** `failed guest@example.com` for each recipient that a user was told of in reports on that message, sorted. */
export function told(site: Site, user: string, subject: string): string[] {
  return newsIn(reportsOn(site, user, subject))
}

export function newsIn(reports: readonly ReadReport[]): string[] {
  return reports
    .flatMap(({ groups }) => groups)
    .map((group) => `${group.get('action') ?? ''} ${(group.get('final-recipient') ?? '').replace(/^rfc822; /, '')}`)
    .sort()
}

/** The group of one recipient; there must be one. */
export function groupOf(reports: readonly ReadReport[], address: string): ReadonlyMap<string, string> {
  const found = reports
    .flatMap(({ groups }) => groups)
    .filter((group) => group.get('final-recipient') === `rfc822; ${address}`)
  const [group, ...more] = found
  assert.ok(group !== undefined && more.length === 0, `${found.length} groups of ${address}`)
  return group
}

/** Without what delivery puts in front of it. */
function asSent({ headers, body }: MboxMessage): Buffer {
  const own = headers.filter(([name]) => name !== 'Return-Path' && name !== 'Delivered-To')
  const lines = own.map(([name, value]) => `${name}: ${value}\n`).join('')
  return Buffer.from(`${lines}\n${body}`.replaceAll('\n', '\r\n'))
}

/** A next hop that offers other keywords once TLS has begun. */
export function offering(before: readonly string[], afterwards: readonly string[]): NextHopOptions {
  let isSecure = false
  const set = (value: boolean) => (): undefined => {
    isSecure = value
    return undefined
  }
  const ehlo = (): string => {
    const lines = ['next-hop.example.com', ...(isSecure ? afterwards : [...before, 'STARTTLS'])]
    return lines.map((line, at) => `250${at === lines.length - 1 ? ' ' : '-'}${line}`).join('\n')
  }
  return { tls: {}, reply: { connect: set(false), starttls: set(true), ehlo } }
}

export const HOPS = {
  plain: {},
  dsn: { keywords: ['PIPELINING', '8BITMIME', 'SMTPUTF8', 'ENHANCEDSTATUSCODES', 'DSN'] },
} as const satisfies Record<string, NextHopOptions>

/** Haraka and its next hops: mail for `<name>.example.com` goes to the hop of that name. */
export interface DsnSite<Name extends string> {
  readonly site: Site
  readonly robots: Robots
  readonly haraka: Haraka
  readonly hops: Readonly<Record<Name, NextHop>>
  /** dmail.conf as it was at the start, with more lines. */
  conf(...lines: readonly string[]): string
  close(): Promise<void>
}

export interface DsnSiteOptions<Name extends string> {
  readonly version: HarakaVersion
  readonly nodes?: number
  readonly hops: Readonly<Record<Name, NextHopOptions>>
  /** Beside bob, who is sysadmin, and fred, who sends. */
  readonly users?: readonly string[]
  /** Lines of dmail.conf. */
  readonly conf?: (site: Site, robots: Robots) => readonly string[]
  /** Sections of dmail.ini. */
  readonly ini?: string
  readonly env?: Readonly<Record<string, string>>
  /** Files of Haraka's own config/. */
  readonly config?: Readonly<Record<string, string>>
}

export async function startDsnSite<Name extends string>(options: DsnSiteOptions<Name>): Promise<DsnSite<Name>> {
  const { version, nodes, conf: rules = () => [], ini = '', env = {}, config = {} } = options
  const site = makeSite()
  const robots = makeRobots(site)
  const names = Object.keys(options.hops) as Name[]
  const started = await Promise.all(names.map(async (name) => [name, await startNextHop(options.hops[name])] as const))
  const hops = Object.fromEntries(started) as Record<Name, NextHop>
  site.write('users.txt', users('bob', 'fred', ...(options.users ?? [])))
  const lines = [
    ...names.map((name) => `gateway ${name}.example.com ${options.hops[name].host ?? '127.0.0.1'}:${hops[name].port}`),
    ...rules(site, robots),
  ]
  const conf = (...more: readonly string[]): string => siteConf(site, [...lines, ...more])
  const haraka = await startSite(version, conf(), {
    ...(nodes === undefined ? {} : { nodes }),
    config: { 'dmail.ini': siteIni(ini), ...config },
    env,
  })
  return {
    site,
    robots,
    haraka,
    hops,
    conf,
    close: async () => {
      await haraka.stop()
      await Promise.all(names.map((name) => hops[name].close()))
    },
  }
}
