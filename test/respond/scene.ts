import { parseAddress, type Address } from '../../lib/address.js'
import { parseHead, type MessageHead } from '../../lib/respond/head.js'
import { ownAddresses, type ReplySettings } from '../../lib/respond/settings.js'

export const HOUR = 3_600_000
export const DAY = 24 * HOUR
/** A Wednesday, local time. */
export const NOW = new Date(2026, 10, 25, 12, 0, 0).getTime()

export function address(text: string): Address {
  const parsed = parseAddress(text)
  if (parsed === undefined) throw new Error(`${text} is no address`)
  return parsed
}

export const BOB = address('bob@domain1.com')

/** The head of a message from Ann to Bob, with more fields. */
export function head(...more: readonly string[]): MessageHead {
  return headOf('From: Ann <ann@example.com>', 'To: bob@domain1.com', 'Subject: lunch', ...more)
}

/** A head of these lines, and nothing else. */
export function headOf(...lines: readonly string[]): MessageHead {
  return parseHead(Buffer.from(lines.map((line) => `${line}\n`).join('')).toString('latin1'))
}

/** Bob's settings: he is away. */
export function settings(given: Partial<ReplySettings> & { readonly addresses?: string } = {}): ReplySettings {
  const { addresses, ...rest } = given
  return {
    author: { name: '', address: BOB },
    subject: 'Auto: %subject',
    body: 'I am away.\n',
    start: undefined,
    end: undefined,
    everyMs: 7 * DAY,
    ...ownAddresses(BOB, addresses === undefined ? [] : [addresses]),
    ...rest,
  }
}
