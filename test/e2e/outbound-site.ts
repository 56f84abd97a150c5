import assert from 'node:assert/strict'
import type { Haraka, HarakaVersion } from '../support/haraka.js'
import type { ReceivedMessage } from '../support/next-hop.js'
import { send } from '../support/smtp.js'
import { codes, note, RELAYING, type Site } from './site.js'

/** Kinds of Haraka that outbound mail is tested with: each worker of a cluster has a queue of its own. */
export interface Kind {
  readonly name: string
  readonly version: HarakaVersion
  readonly nodes: number
}

export const KINDS: readonly Kind[] = [
  { name: 'Haraka 3.3 with one worker', version: '3.3', nodes: 1 },
  { name: 'Haraka 3.3 with three workers', version: '3.3', nodes: 3 },
  { name: 'Haraka 3.1 as one process', version: '3.1', nodes: 0 },
]

/** Sends a message that leaves, from the local user fred unless told otherwise; it must be accepted. */
export async function submit(
  haraka: Haraka,
  subject: string,
  to: readonly string[],
  from = 'fred@domain1.com',
): Promise<void> {
  const { rcpt, final } = await send(haraka.port, { from, to, message: note(subject), localAddress: RELAYING })
  assert.equal(codes(final), '250 2.0.0', [...rcpt, final].map(({ text }) => text).join(' / '))
}

export function subjectOf({ data }: ReceivedMessage): string {
  return /^Subject: (.*)\r$/m.exec(data.toString())?.[1] ?? ''
}

export function subjectsOf(messages: readonly ReceivedMessage[]): string[] {
  return messages.map(subjectOf).sort()
}

/** One recipient in a report of failure (RFC 3464). */
export interface Failure {
  readonly recipient: string | undefined
  readonly status: string | undefined
  /** The whole report, for what the sender can read in it. */
  readonly text: string
}

/** Every report of failure in a drop file, one entry for each recipient, in the order of addresses. */
export function failuresOf(site: Site, user: string): Failure[] {
  return site
    .mail(user)
    .filter(({ sender, body }) => sender === 'MAILER-DAEMON' && /^Action: failed$/m.test(body))
    .flatMap(({ body }) =>
      body
        .split(/\n\n/)
        .filter((group) => group.startsWith('Final-Recipient:'))
        .map((group) => ({
          recipient: /^Final-Recipient: rfc822; ?(.*)$/m.exec(group)?.[1],
          status: /^Status: ([0-9.]+)/m.exec(group)?.[1],
          text: body,
        })),
    )
    .sort((a, b) => (a.recipient ?? '').localeCompare(b.recipient ?? ''))
}

/** Resolves with the failures once there are so many. */
export async function waitForFailures(haraka: Haraka, site: Site, user: string, count: number): Promise<Failure[]> {
  return haraka.waitFor(() => {
    const failures = failuresOf(site, user)
    return failures.length >= count && failures
  })
}
