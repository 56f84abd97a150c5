import { isRecord } from '../record.js'
import type { LocalCopy } from './plan.js'

/**
 * One piece of local work waiting in Haraka's queue: the value of `notes.dmail` in its queue file. Each copy has a queue
 * file of its own, so that what was delivered is never delivered again, whatever happens to the others.
 */
export interface SpooledItem {
  readonly version: 1
  readonly work: { readonly kind: 'deliver'; readonly copy: LocalCopy }
  readonly clientIp: string
  readonly messageId: string
}

/** Reads `notes.dmail` of a queue file; undefined for mail that leaves by SMTP. */
export function readItem(note: unknown): SpooledItem | undefined {
  if (!isRecord(note) || note['version'] !== 1 || !isRecord(note['work'])) return undefined
  const work = readWork(note['work'])
  if (work === undefined) return undefined
  return { version: 1, work, clientIp: textOf(note['clientIp']), messageId: textOf(note['messageId']) }
}

function readWork(value: Record<string, unknown>): SpooledItem['work'] | undefined {
  const { kind, copy } = value
  if (kind !== 'deliver' || !isRecord(copy) || !isRecord(copy['destination'])) return undefined
  const destination = readDestination(copy['destination'])
  if (destination === undefined) return undefined
  return { kind, copy: { original: textOf(copy['original']), found: textOf(copy['found']), destination } }
}

function readDestination(value: Record<string, unknown>): LocalCopy['destination'] | undefined {
  const { kind, path, argv, user, root, owner } = value
  if (kind === 'robot') {
    // All of it or nothing: without one of its words a command is another command.
    if (!Array.isArray(argv) || !argv.every((arg) => typeof arg === 'string')) return undefined
    const [program, ...args] = argv
    return program === undefined ? undefined : { kind, argv: [program, ...args] }
  }
  if (typeof path !== 'string') return undefined
  if (kind === 'file') return { kind, path }
  if (kind !== 'mailbox' || typeof root !== 'string') return undefined
  const { uid, gid } = isRecord(owner) ? owner : {}
  const known = isId(uid) && isId(gid) ? { owner: { uid, gid } } : {}
  return { kind, user: textOf(user), path, root, ...known }
}

function isId(value: unknown): value is number {
  return Number.isSafeInteger(value) && Number(value) >= 0
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : ''
}
