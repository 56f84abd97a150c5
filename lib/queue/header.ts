import { closeSync, fstatSync, openSync, readSync } from 'node:fs'
import path from 'node:path'
import { isRecord } from '../record.js'
import { foldDomain } from '../address.js'
import type { EntryHeader } from './entry.js'

/** What the header of a queue file says (Haraka's outbound/todo.js: four bytes length, then JSON). */
export interface QueueHeader extends EntryHeader {
  /** The message's id in the log and in the answer to the client. */
  readonly uuid: string
  /** `user@domain`; '' for the null sender. */
  readonly sender: string
  readonly recipients: readonly string[]
  /** When the message came, milliseconds since 1970. */
  readonly queuedMs: number
  /** `notes.dmail`, for work of this machine. */
  readonly note: unknown
  /** Offset of the message. */
  readonly start: number
}

/** Nothing that Haraka writes is longer, and nothing longer is read into memory. */
const MAX_HEADER = 16 * 1024 * 1024

/**
 * Reads the header of a queue file. undefined when there is no such file or it is none. Synchronous: call it in a thread, or
 * for few files.
 */
export function readQueueHeader(directory: string, file: string): QueueHeader | undefined {
  try {
    const fd = openSync(path.join(directory, file), 'r')
    try {
      const { size } = fstatSync(fd)
      const length = readAt(fd, 4, 0).readUInt32BE(0)
      if (length > Math.min(MAX_HEADER, size - 4)) return undefined
      return readTodo(JSON.parse(readAt(fd, length, 4).toString('utf8')), size, length + 4)
    } finally {
      closeSync(fd)
    }
  } catch {
    return undefined
  }
}

function readAt(fd: number, length: number, position: number): Buffer {
  const bytes = Buffer.alloc(length)
  let done = 0
  while (done < length) {
    const read = readSync(fd, bytes, done, length - done, position + done)
    if (read === 0) throw new Error('the file is shorter than it says')
    done += read
  }
  return bytes
}

function readTodo(todo: unknown, bytes: number, start: number): QueueHeader | undefined {
  if (!isRecord(todo) || typeof todo['domain'] !== 'string') return undefined
  const notes = isRecord(todo['notes']) ? todo['notes'] : {}
  const recipients = Array.isArray(todo['rcpt_to']) ? todo['rcpt_to'].map(addressOf) : []
  return {
    domain: queueDomain(todo['domain']),
    local: notes['dmail'] !== undefined,
    bytes,
    uuid: typeof todo['uuid'] === 'string' ? todo['uuid'] : '',
    sender: addressOf(todo['mail_from']),
    recipients,
    queuedMs: typeof todo['queue_time'] === 'number' ? todo['queue_time'] : 0,
    note: notes['dmail'],
    start,
  }
}

/** The form in which domains of the queue are compared; what is no domain name stays as it is. */
export function queueDomain(domain: string): string {
  return foldDomain(domain) || domain.toLowerCase()
}

/** Both versions write an address as an object with the text as it was given in `original`. */
function addressOf(value: unknown): string {
  if (!isRecord(value)) return ''
  const { original, user, host } = value
  if (typeof original === 'string') return original.replace(/^<|>$/g, '')
  return typeof user === 'string' && typeof host === 'string' ? `${user}@${host}` : ''
}
