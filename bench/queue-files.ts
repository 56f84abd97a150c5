import { closeSync, linkSync, mkdirSync, openSync, readdirSync, rmSync, writeSync } from 'node:fs'
import path from 'node:path'

/** What a large queue is made of. */
export interface LargeQueue {
  readonly messages: number
  readonly domains: number
  /** One more domain has this many messages. */
  readonly few: number
  /** Further domains, and how many messages each of them has. */
  readonly more?: ReadonlyMap<string, number>
}

export const FEW_DOMAIN = 'few.example'

const DAY = 24 * 3_600_000
/** Every file is of this process, which is there no more: one worker takes them over. */
const DEAD_PID = 4_000_000
const BODY = `Subject: waits\r\nFrom: <ann@example.com>\r\n\r\n${`${'x'.repeat(76)}\r\n`.repeat(12)}`

/**
 * Writes a queue into `<harakaDir>/queue`, in Haraka's format (outbound/qfile.js, todo.js), all of it due tomorrow or later. Not
 * synced: it is for one run.
 */
export function writeLargeQueue(harakaDir: string, queue: LargeQueue): void {
  const directory = path.join(harakaDir, 'queue')
  mkdirSync(directory, { recursive: true })
  const now = Date.now()
  let n = 0
  for (const domain of domainsOf(queue)) {
    // In no order, as the tries of many servers are.
    const due = now + DAY + ((n * 7919) % 100_003) * 1000
    const unique = n.toString(36).padStart(6, '0')
    const fd = openSync(
      path.join(directory, `${now - DAY + n}_${due}_1_${DEAD_PID}_${unique}_${n % 10_000}_host`),
      'wx',
    )
    writeSync(fd, queueFile(domain, now - DAY + n, unique))
    closeSync(fd)
    n++
  }
}

/** Of each message. */
function* domainsOf({ messages, domains, few, more }: LargeQueue): Generator<string> {
  for (let n = 0; n < messages; n++) yield `d${n % domains}.example`
  for (const [domain, count] of [[FEW_DOMAIN, few] as const, ...(more ?? [])]) {
    for (let n = 0; n < count; n++) yield domain
  }
}

function queueFile(domain: string, queuedMs: number, unique: string): Buffer {
  const address = (user: string, host: string): object => ({
    original: `<${user}@${host}>`,
    user,
    host,
    original_host: host,
  })
  const todo = {
    queue_time: queuedMs,
    domain,
    rcpt_to: [address('bob', domain)],
    mail_from: address('ann', 'example.com'),
    notes: {},
    uuid: `00000000-0000-4000-8000-${unique.padStart(12, '0')}.1.1`,
    force_tls: false,
  }
  const header = Buffer.from(`\n${JSON.stringify(todo, null, '\t')}\n`)
  const length = Buffer.alloc(4)
  length.writeUInt32BE(header.length)
  return Buffer.concat([length, header, Buffer.from(BODY)])
}

/** The same queue for another Haraka, which renames files but never writes into one. */
export function copyQueue(from: string, to: string): void {
  const [source, target] = [path.join(from, 'queue'), path.join(to, 'queue')]
  rmSync(target, { recursive: true, force: true })
  mkdirSync(target, { recursive: true })
  for (const name of readdirSync(source)) linkSync(path.join(source, name), path.join(target, name))
}
