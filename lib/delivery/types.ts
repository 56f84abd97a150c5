import type { Readable } from 'node:stream'

/** A message to write: its bytes have CRLF line ends, no dot-stuffing, headers first. */
export interface MessageSource {
  /** Size of the message in bytes, as received. */
  readonly size: number
  /** A fresh stream over the whole message; one at a time. */
  open(): Readable
}

/** The envelope of one delivery. */
export interface Envelope {
  /** Return path, '' for the null sender. */
  readonly sender: string
  /** The address given at RCPT. */
  readonly originalRecipient: string
  /** The address at which this destination was found; value of Delivered-To. */
  readonly recipient: string
  readonly clientIp: string
  readonly messageId: string
}

/**
 * What became of one destination. `status` is an RFC 3463 code (`5.2.2`), `text` may be shown to the sender
 * (no path, no internal name), `detail` is for the log.
 */
export type Outcome =
  | { readonly state: 'delivered' }
  | { readonly state: 'deferred'; readonly status: string; readonly text: string; readonly detail: string }
  | { readonly state: 'failed'; readonly status: string; readonly text: string; readonly detail: string }
