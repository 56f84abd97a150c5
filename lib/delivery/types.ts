import type { Readable } from 'node:stream'

/** A message on its way: CRLF line ends, headers first. */
export interface MessageSource {
  /** Size of the message in bytes, about. */
  readonly size: number
  /** Where its bytes are. */
  readonly body: MessageBody
  /** A fresh stream over the whole message, without dot-stuffing; any number may be open at once. */
  open(): Readable
}

/** In memory, or in a file. */
export type MessageBody = Uint8Array | MessageFile

export interface MessageFile {
  readonly path: string
  /** Offset of the message's first byte. */
  readonly start: number
  /** Lines that begin with a dot have one more (RFC 5321 4.5.2), as in Haraka's queue files. */
  readonly dotStuffed: boolean
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
