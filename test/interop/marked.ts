import { createHash } from 'node:crypto'

/** Lines that mbox, SMTP and POP3 have to quote, and some they might take for something else. */
const TRICKY = ['From here on', '>From there', '>>From nowhere', '', '.', '..', '.From', 'caf\u00e9', '', 'Status: RO']

/** The n-th message of a run: its Message-ID tells which, its X-Body-Hash what its body was. */
export function markedMessage(run: string, n: number): string {
  // Sizes from a line to some 20 kB, so that pages, pieces and locks end anywhere within.
  const filler = Array.from({ length: (n * 37) % 290 }, (_, at) => `${n}.${at} ${'x'.repeat((n + at) % 70)}`)
  const tricky = Array.from({ length: n % 7 }, (_, at) => TRICKY[(n + at) % TRICKY.length] ?? '')
  const body = [...tricky, ...filler, ...tricky, `end of ${n}`].map((line) => `${line}\n`).join('')
  const head = [
    'From: <ann@example.com>',
    `Subject: message ${n}`,
    `Message-ID: <${n}.${run}@example.com>`,
    `X-Body-Hash: ${hashOf(Buffer.from(body))}`,
  ]
  return `${head.join('\n')}\n\n${body}`
}

/** What a reader got. */
export interface Marked {
  readonly n: number
  /** True when the body is what was sent, byte for byte. */
  readonly intact: boolean
}

/**
 * Recognises a message in the form a mail reader hands it out: CRLF, still quoted as mboxrd (no reader undoes that), bytes
 * one to one (latin1). Throws when it is none of this run.
 */
export function recognise(run: string, message: string): Marked {
  const text = message.replaceAll('\r\n', '\n')
  const end = text.indexOf('\n\n')
  const body = text.slice(end + 2).replace(/^>(?=>*From )/gm, '')
  return markOf(run, text.slice(0, end + 1), Buffer.from(body, 'latin1'))
}

/** The same for headers and an unquoted body. */
export function markOf(run: string, head: string, body: Buffer): Marked {
  const [, n, ofRun] = /^Message-ID: <(\d+)\.(\w+)@example\.com>$/m.exec(head) ?? []
  if (n === undefined || ofRun !== run) throw new Error(`not a message of this run:\n${head}`)
  return { n: Number(n), intact: /^X-Body-Hash: (\w+)$/m.exec(head)?.[1] === hashOf(body) }
}

function hashOf(body: Buffer): string {
  return createHash('sha256').update(body).digest('hex')
}
