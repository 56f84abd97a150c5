import { connect, type SmtpClient } from '../support/smtp.js'
import { oneOf, whole, type Random } from './random.js'

/** Where copies of a letter belong: files of the site, or the robot. */
export const ROBOT = 'robot'

interface Route {
  readonly to: readonly string[]
  readonly copies: readonly string[]
}

/** What addresses of the site lead to. */
const ROUTES: readonly [Route, ...Route[]] = [
  { to: ['bob'], copies: ['in/bob'] },
  { to: ['fred'], copies: ['in/fred'] },
  { to: ['john'], copies: ['in/john'] },
  { to: ['kate'], copies: ['in/kate'] },
  { to: ['mary'], copies: ['in/mary'] },
  { to: ['team'], copies: ['in/bob', 'in/fred', 'in/john'] },
  { to: ['archive'], copies: ['files/archive.mbox'] },
  { to: ['help'], copies: [ROBOT] },
  { to: ['kate', 'help', 'archive'], copies: ['in/kate', ROBOT, 'files/archive.mbox'] },
]

/** One message, known by its Message-ID, and every place that must have it. */
export interface Letter {
  readonly id: string
  readonly to: readonly string[]
  readonly copies: readonly string[]
  readonly text: string
}

/** Where large letters go. */
export const LARGE_PLACE = ROUTES[0].copies[0] ?? ''

const LAST_LINE = '-- the end --'
/** Above what is held in memory while it is delivered: such letters are written in pieces. */
const LARGE_BYTES = 8_000_000

/** Makes letters: for any place, a large one for one mailbox, and a small one for each place. */
export function letterMaker(random: Random): { any(): Letter; large(): Letter; toEach(): Letter[] } {
  let count = 0
  function make({ to, copies }: Route, bytes: number): Letter {
    const id = `<${++count}.${whole(random, 0, 999_999)}@example.com>`
    const line = `${count} `.repeat(20)
    const head = `From: ann@example.com\nMessage-ID: ${id}\nSubject: ${count}\n\n`
    const text = `${head}${`${line}\n`.repeat(Math.ceil(bytes / line.length))}${LAST_LINE}\n`
    return { id, to: to.map((name) => `${name}@domain1.com`), copies, text }
  }
  return {
    any: () => make(oneOf(random, ROUTES), whole(random, 50, 40_000)),
    large: () => make(ROUTES[0], LARGE_BYTES),
    toEach: () => ROUTES.map((route) => make(route, 50)),
  }
}

/** Whether a text is a letter from its first line to its last. */
export function isWhole(text: string): boolean {
  return text.endsWith(`${LAST_LINE}\n`)
}

export interface Sending {
  /** Letters as long as there are some. */
  readonly next: () => Letter | undefined
  readonly acknowledged: (letter: Letter) => void
  /** When it rejects, clients wait no longer: a dying worker can take a connection along that nobody closes any more. */
  readonly abandoned?: Promise<never>
}

export interface NotSent {
  /** No answer, or 451: to be sent again. */
  readonly again: Letter[]
  /** Answers that no letter may get. */
  readonly wrong: string[]
}

const CLIENTS = 8

/** Clients at once, half of them with kept connections, each until there is no letter left or the server is gone. */
export async function sendLetters(port: number, { next, acknowledged, abandoned }: Sending): Promise<NotSent> {
  const again: Letter[] = []
  const wrong: string[] = []
  const patient = <T>(talk: Promise<T>): Promise<T> =>
    abandoned === undefined ? talk : Promise.race([talk, abandoned])

  async function client(kept: boolean): Promise<void> {
    let session: SmtpClient | undefined
    for (let letter = next(); letter !== undefined; letter = next()) {
      try {
        session ??= await patient(open(port))
        const answer = await patient(transact(session, letter))
        if (answer === '250') acknowledged(letter)
        else again.push(letter)
        if (answer !== '250' && !answer.startsWith('451')) wrong.push(`${letter.to.join()}: ${answer}`)
      } catch {
        // The connection was refused or broken: like any mail server, it comes again later.
        again.push(letter)
        break
      }
      if (kept) continue
      await patient(session.quit()).catch(() => undefined)
      session = undefined
    }
    session?.close()
  }
  await Promise.all(Array.from({ length: CLIENTS }, (_, n) => client(n % 2 === 0)))
  return { again, wrong }
}

async function open(port: number): Promise<SmtpClient> {
  const session = await connect(port)
  await session.ehlo()
  return session
}

/** '250', or what was answered instead; ends the transaction then. */
async function transact(session: SmtpClient, { to, text }: Letter): Promise<string> {
  const replies = [await session.mail('ann@example.com')]
  for (const address of to) replies.push(await session.rcpt(address))
  const refused = replies.find(({ code }) => code !== 250)
  const last = refused ?? (await session.data(text))
  if (refused !== undefined) await session.command('RSET')
  return last.code === 250 ? '250' : `${last.code} ${last.text}`
}
