import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { Readable } from 'node:stream'
import type { Envelope, MessageSource, Outcome } from '../../lib/delivery/types.js'

/** Runs a test in a directory of its own, removed after. */
export async function inTemporaryDirectory(use: (directory: string) => Promise<void>): Promise<void> {
  const directory = await mkdtemp(path.join(tmpdir(), 'dmail-delivery-'))
  try {
    await use(directory)
  } finally {
    await rm(directory, { recursive: true, force: true })
  }
}

/** A message in memory; its stream comes in pieces of `pieceSize` bytes. */
export function messageOf(text: string | Buffer, pieceSize = 64 * 1024): MessageSource {
  const bytes = Buffer.from(text)
  return { size: bytes.length, body: bytes, open: () => Readable.from(cut(bytes, pieceSize), { objectMode: false }) }
}

export function cut(bytes: Buffer, pieceSize: number): Buffer[] {
  const pieces: Buffer[] = []
  for (let at = 0; at < bytes.length; at += pieceSize) pieces.push(bytes.subarray(at, at + pieceSize))
  return pieces
}

/** A message that cannot be read beyond its beginning; as a file, not at all. */
export function breakingMessage(beginning: string | Buffer, error = new Error('input/output error')): MessageSource {
  const bytes = Buffer.from(beginning)
  async function* pieces(): AsyncGenerator<Buffer> {
    yield bytes
    await Promise.resolve()
    throw error
  }
  const body = { path: tmpdir(), start: 0, dotStuffed: false }
  return { size: bytes.length * 2, body, open: () => Readable.from(pieces(), { objectMode: false }) }
}

export const ENVELOPE: Envelope = {
  sender: 'fred@example.com',
  originalRecipient: 'sales@domain1.com',
  recipient: 'bob@domain1.com',
  clientIp: '192.0.2.7',
  messageId: '<1@example.com>',
}

/** `deferred 4.2.0`, so that a test names state and status together. */
export function summary(outcome: Outcome): string {
  return outcome.state === 'delivered' ? 'delivered' : `${outcome.state} ${outcome.status}`
}

/**
 * A strict mbox reader: every message begins with a `From ` line at the start of the file or after an empty line, and
 * ends in one empty line, which is not its own. Returns the messages with their `From ` lines, still quoted.
 */
export function splitMbox(file: Buffer): string[] {
  const messages: string[][] = []
  const text = file.toString('latin1')
  if (text === '') return []
  if (!text.endsWith('\n\n')) throw new Error('the file does not end in an empty line')
  let before = ''
  for (const line of text.slice(0, -1).split('\n').slice(0, -1)) {
    if (line.startsWith('From ') && before === '') {
      if (!/^From [!-~]+ [A-Z][a-z]{2} [A-Z][a-z]{2} \d{2} \d{2}:\d{2}:\d{2} \d{4}$/.test(line)) {
        throw new Error(`not a From line: ${line}`)
      }
      messages.at(-1)?.pop()
      messages.push([])
    } else if (line.startsWith('From ')) {
      throw new Error(`a From line in the middle of a message: ${line}`)
    }
    const current = messages.at(-1)
    if (current === undefined) throw new Error('the file does not begin with a From line')
    current.push(line)
    before = line
  }
  return messages.map((lines) => `${lines.join('\n')}\n`)
}

/** The message without what delivery put before it, unquoted as mboxrd. */
export function bodyOf(message: string): string {
  const lines = message.split('\n')
  return lines
    .slice(3)
    .join('\n')
    .replace(/(^|\n)>(>*From )/g, '$1$2')
}
