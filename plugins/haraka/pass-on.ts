import type { DsnNote } from '../../lib/dsn/note.js'
import { mailParameters, recipientParameters } from '../../lib/dsn/pass-on.js'
import { addressText } from './address.js'
import type { Offers } from './ehlo.js'
import type { HarakaAddress, HarakaHmail } from './types.js'

/**
 * Makes Haraka send the parameters of RFC 3461 to a next hop that offers DSN. It has no place for them, but asks each address for
 * its form on the wire, after EHLO: the parameters follow it there (DESIGN). Elsewhere the address looks as ever.
 */
export function passOn({ todo }: HarakaHmail, note: DsnNote | undefined, offers: Offers): void {
  append(todo.mail_from, offers, mailParameters(note))
  for (const recipient of todo.rcpt_to) append(recipient, offers, recipientParameters(note, addressText(recipient)))
}

function append(address: HarakaAddress, offers: Offers, parameters: string): void {
  if (parameters === '' && !Object.hasOwn(address, 'format')) return
  const { format } = Object.getPrototypeOf(address) as { readonly format: Format }
  // Not enumerable: it belongs to this connection, and must not get into a queue file.
  Object.defineProperty(address, 'format', {
    configurable: true,
    value: (...ascii: boolean[]) =>
      // With an argument: this is the form for the wire.
      format.apply(address, ascii) + (ascii.length > 0 && offers('DSN') ? parameters : ''),
  })
}

type Format = (this: HarakaAddress, ...ascii: boolean[]) => string
