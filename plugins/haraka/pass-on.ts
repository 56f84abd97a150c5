import type { DsnNote } from '../../lib/dsn/note.js'
import { mailParameters, recipientParameters } from '../../lib/dsn/pass-on.js'
import { isAscii } from '../../lib/ascii.js'
import { addressText } from './address.js'
import type { Offers } from './ehlo.js'
import type { HarakaHmail } from './outbound-types.js'
import type { HarakaAddress } from './types.js'

/**
 * Makes Haraka send the parameters of RFC 3461 to a next hop that offers DSN. It has no place for them, but asks each address for
 * its form on the wire, after EHLO: the parameters follow it there (DESIGN). Elsewhere the address looks as ever.
 */
export function passOn({ todo }: HarakaHmail, note: DsnNote | undefined, offers: Offers): void {
  const { mail_from: sender, rcpt_to: recipients } = todo
  // Haraka looks at the sender only (RFC 6531 3.4). A report has none.
  const needsUtf8 = isAscii(addressText(sender)) && recipients.some((recipient) => !isAscii(addressText(recipient)))
  append(sender, offers, [
    ['DSN', mailParameters(note)],
    ['SMTPUTF8', needsUtf8 ? ' SMTPUTF8' : ''],
  ])
  for (const recipient of recipients) {
    append(recipient, offers, [['DSN', recipientParameters(note, addressText(recipient))]])
  }
}

/** Parameters, and the keyword of EHLO that allows them. */
type Allowed = readonly (readonly [keyword: string, parameters: string])[]

function append(address: HarakaAddress, offers: Offers, allowed: Allowed): void {
  if (allowed.every(([, parameters]) => parameters === '') && !Object.hasOwn(address, 'format')) return
  const { format } = Object.getPrototypeOf(address) as { readonly format: Format }
  const parametersNow = (): string => allowed.map(([keyword, text]) => (offers(keyword) ? text : '')).join('')
  // Not enumerable: it belongs to this connection, and must not get into a queue file.
  Object.defineProperty(address, 'format', {
    configurable: true,
    // With an argument: this is the form for the wire.
    value: (...ascii: boolean[]) => format.apply(address, ascii) + (ascii.length > 0 ? parametersNow() : ''),
  })
}

type Format = (this: HarakaAddress, ...ascii: boolean[]) => string
