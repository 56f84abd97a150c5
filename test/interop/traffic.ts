import { readMbox } from '../support/mbox.js'
import { connect } from '../support/smtp.js'
import { until } from '../support/wait.js'
import { openImap, type Imap } from './imap.js'
import { markedMessage, markOf, recognise } from './marked.js'
import { openPop3 } from './pop3.js'

/** Messages that one session reads at most: no session may take as long as the mailbox is full. */
const PER_SESSION = 30
/** So many unread messages are load enough: senders wait there for the readers, or a slow machine would drown. */
const BACKLOG = 500
const BACKLOG_MS = 120_000

/** One mailbox under load, and what became of every message. */
export interface Mailbox {
  /** The account. */
  readonly user: string
  readonly file: string
  /** Marks its messages. */
  readonly run: string
  /** Messages handed to the server, and those it answered with 250. */
  readonly sent: Set<number>
  readonly acknowledged: Set<number>
  /** Messages each way of reading has taken away for good, as often as it did. */
  readonly taken: Record<'pop3' | 'imap', number[]>
  /** Messages that were read and were not what was sent. */
  readonly torn: number[]
}

export function mailboxOf(user: string, file: string): Mailbox {
  const taken = { pop3: [], imap: [] }
  return { user, file, run: user, sent: new Set(), acknowledged: new Set(), taken, torn: [] }
}

/** Sends messages over one connection until `stopped`; each must be taken. */
export async function keepSending(port: number, mailbox: Mailbox, stopped: () => boolean): Promise<void> {
  const { sent, acknowledged, taken, run } = mailbox
  const client = await connect(port)
  try {
    await client.ehlo()
    while (!stopped()) {
      await until(() => stopped() || acknowledged.size - taken.pop3.length - taken.imap.length <= BACKLOG, {
        timeoutMs: BACKLOG_MS,
        otherwise: () => `nobody reads the mail of ${mailbox.user}`,
      })
      const n = sent.size
      sent.add(n)
      await client.mail('ann@example.com')
      await client.rcpt(`${mailbox.user}@domain1.com`)
      const { code, text } = await client.data(markedMessage(run, n))
      if (code !== 250) throw new Error(`message ${n} was refused: ${code} ${text}`)
      acknowledged.add(n)
    }
    await client.quit()
  } finally {
    client.close()
  }
}

/** POP3 sessions until `stopped`, one after the other: RETR what is there, DELE one half of it, QUIT. */
export async function keepReadingPop3(port: number, mailbox: Mailbox, stopped: () => boolean): Promise<void> {
  while (!stopped()) {
    const session = await openPop3(port, mailbox.user)
    try {
      const count = Number(/^\+OK (\d+)/.exec(await session.command('STAT'))?.[1])
      const deleted: number[] = []
      for (let number = 1; number <= Math.min(count, PER_SESSION); number++) {
        const message = await session.retrieve(number)
        if (message === undefined) continue
        const n = note(mailbox, message)
        if (n % 2 === 1) {
          await expectOk(session.command(`DELE ${number}`))
          deleted.push(n)
        }
      }
      await expectOk(session.command('QUIT'))
      mailbox.taken.pop3.push(...deleted)
    } finally {
      session.close()
    }
  }
}

/** IMAP sessions until `stopped`, one after the other: FETCH what is there, STORE \Deleted to the other half, EXPUNGE. */
export async function keepReadingImap(port: number, mailbox: Mailbox, stopped: () => boolean): Promise<void> {
  while (!stopped()) {
    const session = await openImap(port, mailbox.user)
    try {
      await session.command('SELECT INBOX')
      const uids = (await uidsOf(session, 'ALL')).slice(0, PER_SESSION)
      if (uids.length === 0) continue
      const mine = new Map<string, number>()
      for (const { text, literals } of await session.command(`UID FETCH ${uids.join(',')} (UID BODY.PEEK[])`)) {
        const uid = /\bUID (\d+)/.exec(text)?.[1]
        const [message] = literals
        if (uid === undefined || message === undefined) continue
        const n = note(mailbox, message)
        if (n % 2 === 0) mine.set(uid, n)
      }
      if (mine.size === 0) continue
      await session.command(`UID STORE ${[...mine.keys()].join(',')} +FLAGS.SILENT (\\Deleted)`)
      await session.command('EXPUNGE')
      // \\Deleted does not always last until EXPUNGE where the file changes in between: Dovecot reads the flags of an mbox
      // anew then, and the message stays. What counts is what is gone.
      for (const uid of await uidsOf(session, `UID ${[...mine.keys()].join(',')}`)) mine.delete(uid)
      mailbox.taken.imap.push(...mine.values())
      await session.command('LOGOUT')
    } finally {
      session.close()
    }
  }
}

async function uidsOf(session: Imap, search: string): Promise<string[]> {
  const responses = await session.command(`UID SEARCH ${search}`)
  return responses.flatMap(({ text }) => /^SEARCH (.+)$/.exec(text)?.[1]?.split(' ') ?? [])
}

/**
 * Every message that is not accounted for exactly once: taken away by POP3, by IMAP, or in the drop file still. And those
 * that came with another body than they were sent with.
 */
export function faultsOf(mailbox: Mailbox): string[] {
  const left = remaining(mailbox)
  const { acknowledged, taken, torn } = mailbox
  const places = [...acknowledged].map((n) => {
    const times = (all: readonly number[]): number => all.filter((each) => each === n).length
    return { n, pop3: times(taken.pop3), imap: times(taken.imap), file: times(left) }
  })
  const wrong = places.filter(({ pop3, imap, file }) => pop3 + imap + file !== 1)
  return [
    ...wrong.map(({ n, pop3, imap, file }) => `message ${n}: POP3 ${pop3}, IMAP ${imap}, file ${file} times`),
    ...left.filter((n) => !acknowledged.has(n)).map((n) => `message ${n}: in the file, never acknowledged`),
    ...torn.map((n) => `message ${n}: not as it was sent`),
  ]
}

/** The messages that are in the drop file now, as often as they are. */
function remaining({ file, run, torn }: Mailbox): number[] {
  // Dovecot leaves a message of its own where it has expunged the last one.
  const messages = readMbox(file).filter((message) => message.header('X-IMAP') === undefined)
  return messages.map(({ headers, body }) => {
    const head = headers.map(([name, value]) => `${name}: ${value}\n`).join('')
    const { n, intact } = markOf(run, head, Buffer.from(body))
    if (!intact) torn.push(n)
    return n
  })
}

function note({ run, torn }: Mailbox, message: string): number {
  const { n, intact } = recognise(run, message)
  if (!intact) torn.push(n)
  return n
}

async function expectOk(reply: Promise<string>): Promise<void> {
  const line = await reply
  if (!line.startsWith('+OK')) throw new Error(`POP3: ${line}`)
}
