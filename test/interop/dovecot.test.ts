import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { chmodSync, chownSync, existsSync, mkdirSync, readFileSync } from 'node:fs'
import { after, before, describe, it } from 'node:test'
import { tryLock } from '../../lib/delivery/dotlock.js'
import { confOf, makeSite, siteIni, startSite, type Site } from '../e2e/site.js'
import { addAccounts, groupId } from '../support/accounts.js'
import { HARAKA_VERSIONS, type Haraka } from '../support/haraka.js'
import { send } from '../support/smtp.js'
import { until } from '../support/wait.js'
import { startDovecot, withoutDovecot, type Dovecot } from './dovecot.js'
import { openImap } from './imap.js'
import { markedMessage, recognise } from './marked.js'
import { openPop3 } from './pop3.js'
import { faultsOf, keepReadingImap, keepReadingPop3, keepSending, mailboxOf, type Mailbox } from './traffic.js'

const PHASES = 5
/** What each party gets done in each phase at least, in each mailbox. */
const PROGRESS = 50
const PHASE_MS = 120_000
/** To each mailbox, and messages it holds before it is read: what is deleted then stands before a lot that is kept. */
const SENDERS = 8
const FILLED = 150

describe('Dovecot and drop files', { skip: withoutDovecot() }, () => {
  for (const version of HARAKA_VERSIONS) {
    describe(`of Haraka ${version}`, () => {
      let site: Site
      let names: readonly string[] = []
      let dovecot: Dovecot
      let haraka: Haraka
      before(async () => {
        site = makeSite()
        // As Debian has /var/mail: users' own files in a directory in which group mail may make locks.
        chownSync(site.path('in'), 0, groupId('mail') ?? 0)
        chmodSync(site.path('in'), 0o2775)
        mkdirSync(site.path('home'))
        const made = ['a', 'b'].map((letter) => `dm${letter}${randomBytes(4).toString('hex')}`)
        names = addAccounts(made, site.path('home')).map(({ name }) => name)
        dovecot = await startDovecot(site.path('in'))
        haraka = await startSite(version, confOf(site, ['authent_method unix_user']), {
          config: {
            'log.ini': '[main]\nlevel=notice\n',
            'dmail.ini': siteIni('[outbound]\nretry_interval=1s\n'),
          },
        })
      })
      after(async () => {
        await haraka.stop()
        await dovecot.stop()
      })
      const nameOf = (at: number): string => names[at] ?? ''
      const fileOf = (at: number): string => site.path(`in/${nameOf(at)}`)
      const deliver = async (at: number, message: string): Promise<void> => {
        const to = [`${nameOf(at)}@domain1.com`]
        const { final } = await send(haraka.port, { from: 'ann@example.com', to, message })
        assert.equal(final.code, 250, final.text)
      }

      it('mail that comes while it is read and deleted by POP3 and IMAP is never lost, doubled or torn', async () => {
        const mailboxes = [0, 1].map((at) => mailboxOf(nameOf(at), fileOf(at)))
        await underLoad(mailboxes, haraka, dovecot)
        for (const mailbox of mailboxes) {
          assert.deepEqual(faultsOf(mailbox), [], dovecot.log())
        }
        assert.doesNotMatch(dovecot.log(), /Error|Warning|Panic|Fatal/)
      })

      it('a lock of the suite keeps POP3 and IMAP waiting, in that mailbox alone', async () => {
        await deliver(0, markedMessage('locked', 1))
        await deliver(1, markedMessage('locked', 2))
        const lock = tryLock(fileOf(0), { staleMs: 300_000, lockId: '' })
        assert.ok(!('busy' in lock))
        const order: string[] = []
        const pop3 = await openPop3(dovecot.pop3, nameOf(0))
        const imap = await openImap(dovecot.imap, nameOf(0))
        const opened = [
          pop3.command('STAT').then(() => {
            order.push('POP3')
            // It would keep the lock for another ten seconds.
            pop3.close()
          }),
          imap.command('SELECT INBOX').then(() => order.push('IMAP')),
        ]
        // Meanwhile the neighbour's sessions come and go.
        for (let session = 0; session < 3; session++) {
          const other = await openPop3(dovecot.pop3, nameOf(1))
          const message = await other.retrieve(1)
          assert.ok(message !== undefined)
          await other.command('QUIT')
          other.close()
        }
        order.push('released')
        lock.release()
        await Promise.all(opened)
        imap.close()
        assert.equal(order[0], 'released')
      })

      it('while Dovecot has the lock mail waits in the queue, and comes whole when it goes', async () => {
        // More than the buffers between the two take, so that Dovecot stays in the middle of it.
        const large = `${markedMessage('large', 1)}${`${'y'.repeat(75)}\n`.repeat(200_000)}`
        await deliver(1, large)
        const imap = await openImap(dovecot.imap, nameOf(1))
        const selected = await imap.command('SELECT INBOX')
        const count = selected.map(({ text }) => /^(\d+) EXISTS$/.exec(text)?.[1]).find((each) => each !== undefined)
        imap.socket.pause()
        const fetched = imap.command(`FETCH ${count ?? ''} BODY.PEEK[]`)
        const lock = `${fileOf(1)}.lock`
        await until(() => /^\d+:/.test(readFileSync(lock, 'latin1')), { otherwise: () => 'Dovecot takes no lock' })
        // The client hears 250: its message is in the queue.
        await deliver(1, markedMessage('waiting', 2))
        assert.equal(haraka.queueFiles().length, 1)
        assert.ok(existsSync(lock))
        assert.doesNotMatch(readFileSync(fileOf(1), 'latin1'), /<2\.waiting@/)
        imap.socket.resume()
        const [message] = await fetched
        assert.equal(message?.literals[0]?.match(/^y{75}\r$/gm)?.length, 200_000)
        imap.close()
        await queueRuns(haraka)
        const pop3 = await openPop3(dovecot.pop3, nameOf(1))
        const last = await pop3.retrieve(Number(count) + 1)
        assert.deepEqual(recognise('waiting', last ?? ''), { n: 2, intact: true })
        pop3.close()
      })
    })
  }
})

/**
 * Senders and readers of all mailboxes at once, all the time, until everybody has got on in each of some phases: who
 * starves ends the test.
 */
async function underLoad(mailboxes: readonly Mailbox[], haraka: Haraka, dovecot: Dovecot): Promise<void> {
  let sending = true
  let reading = true
  let failure: Error | undefined
  const watched = async (work: Promise<void>): Promise<void> => {
    await work.catch((error: unknown) => {
      failure ??= error instanceof Error ? error : new Error(String(error))
    })
  }
  const senders = mailboxes.flatMap((mailbox) =>
    Array.from({ length: SENDERS }, () => watched(keepSending(haraka.port, mailbox, () => !sending))),
  )
  const readers: Promise<void>[] = []
  try {
    await until(() => failure !== undefined || mailboxes.every(({ acknowledged }) => acknowledged.size >= FILLED), {
      timeoutMs: PHASE_MS,
      otherwise: () => JSON.stringify(mailboxes.map(doneBy)),
    })
    for (const mailbox of mailboxes) {
      readers.push(watched(keepReadingPop3(dovecot.pop3, mailbox, () => !reading)))
      readers.push(watched(keepReadingImap(dovecot.imap, mailbox, () => !reading)))
    }
    for (let phase = 0; phase < PHASES; phase++) {
      const before = mailboxes.map(doneBy)
      await until(() => failure !== undefined || mailboxes.map(doneBy).every((done, at) => gotOn(before[at], done)), {
        timeoutMs: PHASE_MS,
        otherwise: () => `phase ${phase}: ${JSON.stringify({ before, now: mailboxes.map(doneBy) })}\n${dovecot.log()}`,
      })
    }
    sending = false
    await Promise.all(senders)
    // What found the mailbox locked comes now; the readers go on meanwhile.
    await queueRuns(haraka)
  } finally {
    sending = false
    reading = false
    await Promise.all([...senders, ...readers])
  }
  if (failure !== undefined) throw failure
}

/** The queue tries again after a second, and waits for the lock then. */
async function queueRuns(haraka: Haraka): Promise<void> {
  await haraka.waitFor(() => haraka.queueFiles().length === 0, { watch: 'queue', timeoutMs: PHASE_MS })
}

/** Messages delivered, taken by POP3, taken by IMAP. */
function doneBy({ acknowledged, taken }: Mailbox): readonly number[] {
  return [acknowledged.size, taken.pop3.length, taken.imap.length]
}

function gotOn(before: readonly number[] | undefined, now: readonly number[]): boolean {
  return now.every((count, at) => count >= (before?.[at] ?? 0) + PROGRESS)
}
