import { readReport, type ReadReport } from '../dsn/read-report.js'
import type { Haraka } from '../support/haraka.js'
import type { MboxMessage } from '../support/mbox.js'
import { connect, type Reply } from '../support/smtp.js'
import { note, RELAYING, type Site } from './site.js'

/** A recipient and its parameters, as on the wire. */
export type Wish = readonly [to: string, params?: string | undefined]

/** Sends a message with parameters of RFC 3461, from the local user fred unless told otherwise. Resolves with every reply. */
export async function submitAsking(
  port: number,
  wishes: readonly Wish[],
  { from = 'fred@domain1.com', params = '', message = note('report on this'), localAddress = RELAYING } = {},
): Promise<{ readonly mail: Reply; readonly rcpt: readonly Reply[]; readonly final: Reply }> {
  const client = await connect(port, { localAddress })
  try {
    await client.ehlo()
    const mail = await client.mail(from, params === '' ? undefined : params)
    const rcpt: Reply[] = []
    if (mail.code === 250) for (const [to, asked] of wishes) rcpt.push(await client.rcpt(to, asked))
    const taken = rcpt.some(({ code }) => code === 250)
    const final = taken ? await client.data(message) : (rcpt.at(-1) ?? mail)
    await client.quit()
    return { mail, rcpt, final }
  } finally {
    client.close()
  }
}

/** The reports in a drop file, each read strictly. */
export function reportsTo(site: Site, user: string): ReadReport[] {
  return site
    .mail(user)
    .filter((message) => message.sender === 'MAILER-DAEMON' && message.header('Auto-Submitted') === 'auto-replied')
    .map((message) => readReport(bytesOf(message)))
}

/** As it was sent: without what delivery puts in front of it. */
export function bytesOf({ headers, body }: MboxMessage): Buffer {
  const own = headers.filter(([name]) => name !== 'Return-Path' && name !== 'Delivered-To' && name !== 'Received')
  const head = own.map(([name, value]) => `${name}: ${value}\n`).join('')
  return Buffer.from(`${head}\n${body}`.replaceAll('\n', '\r\n'))
}

/** `failed bob@domain1.com 5.1.1`, sorted: what the reports on one message (ENVID) say. */
export function newsOf(reports: readonly ReadReport[], envid?: string): string[] {
  return reports
    .filter(({ message }) => envid === undefined || message.get('original-envelope-id') === envid)
    .flatMap(({ groups }) =>
      groups.map((group) => {
        const [, address = ''] = /^[\w-]+; (.*)$/.exec(group.get('final-recipient') ?? '') ?? []
        return `${group.get('action') ?? ''} ${address} ${group.get('status') ?? ''}`
      }),
    )
    .sort()
}

/** Resolves with the news when there are so many; whether there are more shows later. */
export async function waitForNews(haraka: Haraka, site: Site, user: string, count: number): Promise<string[]> {
  return haraka.waitFor(() => {
    const news = newsOf(reportsTo(site, user))
    return news.length >= count && news
  })
}
