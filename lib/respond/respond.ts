import { randomUUID } from 'node:crypto'
import path from 'node:path'
import type { Address } from '../address.js'
import { visible } from '../text/values.js'
import type { HostPort } from '../conf/value.js'
import { errorCode, errorText } from '../error.js'
import { readHello } from '../smtp/hello.js'
import { clusterMemory } from './cluster-memory.js'
import { composeReply, type Reply } from './compose.js'
import { judgeForUser, judgeMessage } from './decide.js'
import { handOver, type HandedOver } from './hand-over.js'
import type { MessageHead } from './head.js'
import { MemoryBusy, openMemory, type Claim, type Memory } from './memory.js'
import { personBehind } from './sender.js'
import { DEFAULT_SUBJECT, ownAddresses, type Author, type ReplySettings, type WrittenMoment } from './settings.js'
import { silence, type Silence } from './silence.js'
import { serverOf } from './smtp-server.js'
import { findText } from './texts.js'
import type { TextFile } from './text-file.js'

/** What the operator asks for, by options; a user's text file may say more. */
export interface Task {
  readonly harakaDir: string
  /** '' for the null sender, undefined where nobody said it. */
  readonly sender: string | undefined
  readonly recipient: Address
  readonly text: string | undefined
  readonly texts: string | undefined
  readonly from: Author | undefined
  /** Comma lists. */
  readonly addresses: readonly string[]
  readonly start: WrittenMoment | undefined
  readonly end: WrittenMoment | undefined
  readonly everyMs: number
  readonly memory: string
  readonly smtp: HostPort | undefined
  readonly timeoutMs: number
}

/** How it ended. Only `sent` has written to the memory. */
export type Answer =
  | { readonly done: 'sent'; readonly reply: Reply; readonly text: string }
  | { readonly done: 'shown'; readonly reply: Reply; readonly settings: ReplySettings }
  | { readonly done: 'silent'; readonly silence: Silence }
  | { readonly done: 'refused'; readonly text: string }
  /** Another try may help. */
  | { readonly done: 'later'; readonly text: string }
  /** The operator has to mend something. */
  | { readonly done: 'setup'; readonly faults: readonly string[] }

export interface Surroundings {
  readonly nowMs: number
  readonly signal: AbortSignal
  readonly warn: (text: string) => void
}

/**
 * Answers one message, or says why not. What can be told from the message alone comes first: for a slip in a text no report may go
 * to a list. With `dry` nothing is sent or written.
 */
export async function respond(head: MessageHead, task: Task, dry: boolean, around: Surroundings): Promise<Answer> {
  const judged = judgeMessage(head, task.sender)
  if ('because' in judged) return { done: 'silent', silence: judged }
  const found = await findText(task.recipient, task)
  if ('none' in found) return silent('no text', `there is no text for ${task.recipient.text}`)
  if ('faults' in found) return { done: 'setup', faults: found.faults }
  const settings = settingsOf(task, found.text, found.file)
  if ('faults' in settings) return { done: 'setup', faults: settings.faults }
  const personal = judgeForUser(head, judged, settings, around.nowMs)
  if (personal !== undefined) return { done: 'silent', silence: personal }

  const person = personBehind(judged).key
  const { everyMs } = settings
  const userKey = task.recipient.key
  const own = openMemory({ directory: task.memory, userKey, everyMs, warn: around.warn })
  const memory = clusterMemory(own, { harakaDir: task.harakaDir, userKey, everyMs })
  try {
    if (memory.isAnswered(person, around.nowMs)) return unclaimed('answered', judged)
    const reply = composeReply({
      head,
      sender: judged,
      recipient: task.recipient,
      settings,
      nowMs: around.nowMs,
      messageId: `${randomUUID()}@${settings.author.address.domain}`,
    })
    if (dry) return { done: 'shown', reply, settings }
    return ended(await hand(reply, person, memory, task, around), reply, judged)
  } catch (error) {
    return memoryTrouble(error, task.memory)
  }
}

function settingsOf(task: Task, text: TextFile, file: string): ReplySettings | { readonly faults: readonly string[] } {
  // Users write their own texts: they are to give themselves a name there, not another's address.
  const { isAddressed: mayWriteAs } = ownAddresses(task.recipient, task.addresses)
  if (text.from !== undefined && !mayWriteAs(text.from.address)) {
    const { address } = text.from
    return { faults: [`${file}: From: ${address.text} is not the user's address (--address adds one)`] }
  }
  return {
    author: text.from ?? task.from ?? { name: '', address: task.recipient },
    subject: text.subject ?? DEFAULT_SUBJECT,
    body: text.body,
    ...ownAddresses(task.recipient, [...task.addresses, ...(text.addresses === undefined ? [] : [text.addresses])]),
    start: text.start ?? task.start,
    end: text.end ?? task.end,
    everyMs: text.everyMs ?? task.everyMs,
  }
}

async function hand(
  reply: Reply,
  person: string,
  memory: Memory,
  { harakaDir, smtp, timeoutMs }: Task,
  { nowMs, signal }: Surroundings,
): Promise<HandedOver> {
  return handOver(reply, {
    target: smtp ?? (await serverOf(harakaDir)),
    hello: await readHello(harakaDir),
    timeoutMs,
    signal,
    claim: () => memory.claim(person, nowMs),
    release: () => memory.release(person),
  })
}

function ended(handed: HandedOver, reply: Reply, sender: Address): Answer {
  switch (handed.state) {
    case 'taken':
      return { done: 'sent', reply, text: handed.text }
    case 'unknown':
      return {
        done: 'sent',
        reply,
        text: `the server had the answer and did not say whether it took it: ${handed.text}`,
      }
    case 'later':
      return { done: 'later', text: handed.text }
    case 'unclaimed':
      return unclaimed(handed.claim, sender)
    case 'refused':
      return handed.setup
        ? { done: 'setup', faults: [`${handed.text} (it must let this machine relay: forward_from_ip 127.0.0.1)`] }
        : { done: 'refused', text: handed.text }
  }
}

function silent(because: Silence['because'], text: string): Answer {
  return { done: 'silent', silence: silence(because, text) }
}

function unclaimed(claim: Exclude<Claim, 'claimed'>, sender: Address): Answer {
  return claim === 'answered'
    ? silent('answered', `${sender.text} was answered before`)
    : silent('full', 'too many senders were answered: no more are until some are forgotten')
}

/** What an operator mends; a full disk or a lock that is held passes by itself. */
const TO_MEND: ReadonlySet<string | undefined> = new Set([
  'EACCES',
  'EPERM',
  'EROFS',
  'ENOTDIR',
  'EEXIST',
  'EISDIR',
  'ELOOP',
])

function memoryTrouble(error: unknown, directory: string): Answer {
  if (error instanceof MemoryBusy) return { done: 'later', text: error.message }
  if (errorCode(error) === undefined) throw error
  const text = `${path.resolve(directory)} cannot keep who was answered: ${visible(errorText(error))}`
  if (!TO_MEND.has(errorCode(error))) return { done: 'later', text }
  return { done: 'setup', faults: [`${text} (make it, and give it to the account robots run as)`] }
}
