import { closeSync, constants, fstatSync, openSync, readFileSync } from 'node:fs'
import { hostname } from 'node:os'
import { errorCode } from '../error.js'
import { beginOf } from '../process/exists.js'
import { parseRecord } from '../record.js'

/*
 * Files of the suite in a queue directory, beside the mail. A Haraka with the suite says there whose the queue is, and one that takes
 * over the queue of another says so too, for as long as it takes.
 */

/** Whose the queue is. */
export const NODE_FILE = 'dmail-node.json'
/** In the queue of a dead node: who is taking it over. */
export const ADOPTION_FILE = 'dmail-adoption.json'
/** A directory in the queue of whoever takes over another: what has been taken and is not in its queue yet. */
export const STAGING = 'dmail-adopt'
/** What a directory in the queue of a dead node begins with: mail that was copied by the one of this key, and is not the node's any more. */
const TAKEN = 'dmail-adopted.'
/** What all of these begin with, and what they are called until they are complete. */
const OURS = /^\.?dmail-/
const KEY = /^[0-9a-f]{16}$/

/** Whether a file of a queue directory is one of these. */
export function isOwnFile(name: string): boolean {
  return OURS.test(name)
}

export function takenName(key: string): string {
  return `${TAKEN}${key}`
}

/** A process that has a queue, or takes one over. */
export interface ProcessMark {
  /** Its name in a cluster; '' where it is in none. */
  readonly node: string
  /** Names its Haraka directory. */
  readonly owner: string
  /** `[cluster] prefix`; '' where it is in no cluster. */
  readonly prefix: string
  readonly host: string
  readonly pid: number
  /** As beginOf; '' where that is not known. */
  readonly begun: string
}

export interface NodeMark extends ProcessMark {
  /** Its Haraka directory, as seen from the queue: both may lie elsewhere when they are looked at again. */
  readonly haraka: string
}

export interface AdoptionMark extends ProcessMark {
  /** Names this adoption. */
  readonly key: string
}

/** This process under a name. */
export function ownMark(who: Pick<ProcessMark, 'node' | 'owner' | 'prefix'>): ProcessMark {
  return { ...who, host: hostname(), pid: process.pid, begun: beginOf(process.pid) ?? '' }
}

export function markText(mark: NodeMark | AdoptionMark): string {
  return `${JSON.stringify({ version: 1, ...mark })}\n`
}

const MAX_MARK = 16 * 1024

/** undefined where there is none. Throws an Error for what is there and cannot be understood. */
export function readNodeMark(file: string): NodeMark | undefined {
  const read = readRecord(file)
  if (read === undefined) return undefined
  return { ...processOf(read, file), haraka: textOf(read['haraka']) ?? '' }
}

/** The same of an adoption. */
export function readAdoptionMark(file: string): AdoptionMark | undefined {
  const read = readRecord(file)
  if (read === undefined) return undefined
  const key = textOf(read['key']) ?? ''
  if (!KEY.test(key)) throw new Error(`${file} is damaged`)
  return { ...processOf(read, file), key }
}

/** A small file, by its own name: no link is followed. Throws what the system says. */
export function readPlainText(file: string, max = 16 * 1024 * 1024): string {
  // O_NONBLOCK: a FIFO that somebody put there would stop the open.
  const fd = openSync(file, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK)
  try {
    const seen = fstatSync(fd)
    if (!seen.isFile() || seen.size > max) throw new Error(`${file} is not what it should be`)
    return readFileSync(fd, 'utf8')
  } finally {
    closeSync(fd)
  }
}

function readRecord(file: string): Record<string, unknown> | undefined {
  let text: string
  try {
    text = readPlainText(file, MAX_MARK)
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return undefined
    throw error
  }
  const read = parseRecord(text, MAX_MARK)
  if (read?.['version'] !== 1) throw new Error(`${file} is damaged`)
  return read
}

function processOf(read: Record<string, unknown>, file: string): ProcessMark {
  const [node, owner, prefix, host, begun] = ['node', 'owner', 'prefix', 'host', 'begun'].map((key) =>
    textOf(read[key]),
  )
  const { pid } = read
  if (node === undefined || owner === undefined || prefix === undefined || host === undefined || begun === undefined) {
    throw new Error(`${file} is damaged`)
  }
  if (!Number.isSafeInteger(pid) || (pid as number) < 1) throw new Error(`${file} is damaged`)
  return { node, owner, prefix, host, pid: pid as number, begun }
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' && value.length <= 4096 ? value : undefined
}
