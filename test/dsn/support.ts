import { Readable } from 'node:stream'
import fc from 'fast-check'
import type { MessageSource } from '../../lib/delivery/types.js'
import type { Notify, NotifyOn, OriginalRecipient } from '../../lib/dsn/params.js'
import type { Party } from '../../lib/dsn/party.js'
import { encodeXtext } from '../../lib/dsn/xtext.js'

/** What a queue file makes of a value. */
export function throughDisk(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value))
}

/** A message that comes in pieces of this size. */
export function sourceOf(message: string | Buffer, pieceBytes = 1024): MessageSource {
  const body = Buffer.from(message)
  const pieces = (): Buffer[] =>
    Array.from({ length: Math.ceil(body.length / pieceBytes) }, (_, at) =>
      body.subarray(at * pieceBytes, (at + 1) * pieceBytes),
    )
  return { size: body.length, body, open: () => Readable.from(pieces()) }
}

/** Every wish a NOTIFY can hold, in the order of RFC 3461. */
export const WISHES: readonly (Notify | undefined)[] = [
  undefined,
  'never',
  ['success'],
  ['failure'],
  ['delay'],
  ['success', 'failure'],
  ['success', 'delay'],
  ['failure', 'delay'],
  ['success', 'failure', 'delay'],
]

export const notifyOn = fc.constantFrom<NotifyOn>('success', 'failure', 'delay')

const anyNotify: fc.Arbitrary<Notify | undefined> = fc.constantFrom(...WISHES)

export function orcpt(address: string): OriginalRecipient {
  return { type: 'rfc822', encoded: encodeXtext(address), address }
}

const word = fc.stringMatching(/^[a-z0-9+=_-]{1,12}$/)

/** An address of ASCII or with other letters in it. */
export const anyAddress = fc
  .tuple(fc.oneof(word, fc.constantFrom('jörg', '"two words"', 'a\\b', 'δοκιμή', 'o{x}')), word)
  .map(([local, domain]) => `${local}@${domain.replace(/[^a-z0-9]/g, 'x')}.example`)

export const anyParty: fc.Arbitrary<Party> = fc
  .tuple(anyAddress, anyNotify, fc.option(word, { nil: undefined }))
  .map(([given, notify, original]) => ({
    given,
    ...(notify === undefined ? {} : { notify }),
    ...(original === undefined ? {} : { orcpt: orcpt(`${original}@example.org`) }),
  }))
