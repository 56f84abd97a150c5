import { randomBytes } from 'node:crypto'
import { hostname } from 'node:os'
import { beginOf, isSameProcess } from '../process/exists.js'
import type { SeenLock } from './lock-file.js'

/**
 * What a lock file says. The first line is the process id alone, as procmail, mutt and liblockfile write or expect it;
 * Dovecot finds no `pid:host` and goes by age.
 */
interface Holder {
  readonly pid: number
  readonly host: string
  readonly lockId: string
  /** When the process began, in ticks since boot; '' where the system does not tell. */
  readonly begun: string
}

/** An append that its holder had begun: the file's length before and after it, which is known once all is written. */
export interface AppendRange {
  readonly from: number
  readonly to: number | undefined
}

/** Room for two numbers of 15 digits. */
const APPEND_LENGTH = 'append '.length + 31

const HOST = hostname()
/** Written into every lock of this thread, so asked for once. */
const OWN = {
  pid: process.pid,
  begun: beginOf(process.pid) ?? '',
  unique: randomBytes(8).toString('hex'),
  count: 0,
}

/** Content of a lock of ours. `lockId` tells machines of one host name apart, '' where there are none. */
export function lockContent(lockId: string): string {
  OWN.count++
  return `${OWN.pid}\n${HOST}\n${oneWord(lockId)}\n${OWN.begun}\n${OWN.unique}.${OWN.count}\n`
}

/** What a holder adds before it writes, for whoever finds the lock after a crash (D4). Always of one length: the next takes its place. */
export function appendLine({ from, to }: AppendRange): string {
  return `${`append ${from} ${to ?? '?'}`.padEnd(APPEND_LENGTH)}\n`
}

/** The append that the lock's holder had begun, if it got so far. */
export function readAppend(content: string): AppendRange | undefined {
  const [, from, to] = /^append (\d{1,15}) (\d{1,15}|\?) *\n/m.exec(content) ?? []
  if (from === undefined) return undefined
  return { from: Number(from), to: to === undefined || to === '?' ? undefined : Number(to) }
}

/**
 * True when the lock's process ran on this host and is no more. Where lockId differs, the process is not ours to judge: machines of
 * one cluster may bear one host name.
 */
export function isHolderDead(lock: SeenLock, lockId: string): boolean {
  const holder = readHolder(lock.content)
  if (holder === undefined || holder.host !== HOST || holder.lockId !== oneWord(lockId)) return false
  return !isSameProcess(holder.pid, holder.begun)
}

/** `process 123 on mail1`, for the log. */
export function describeHolder(lock: SeenLock): string {
  const holder = readHolder(lock.content)
  if (holder !== undefined) return `process ${holder.pid} on ${holder.host}`
  if (!lock.regular) return 'something that is no file'
  const first = /^[\x20-\x7e]{1,60}/.exec(lock.content)?.[0].trim() ?? ''
  return first === '' ? 'an unknown program' : `another program, which wrote "${first}"`
}

function readHolder(content: string): Holder | undefined {
  const [pid = '', host = '', lockId, begun] = content.split('\n')
  if (!/^[1-9][0-9]{0,9}$/.test(pid) || !/^[\x21-\x7e]+$/.test(host)) return undefined
  if (lockId === undefined || begun === undefined) return undefined
  return { pid: Number(pid), host, lockId, begun }
}

function oneWord(text: string): string {
  return text.replace(/\s+/g, ' ').trim().slice(0, 100)
}
