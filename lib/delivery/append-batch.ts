import { closeSync, fdatasyncSync, fstatSync, ftruncateSync, lstatSync, unlinkSync } from 'node:fs'
import path from 'node:path'
import { errorText } from '../error.js'
import type { AppendBatch, AppendTarget, BatchResult } from './append-job.js'
import { syncDirectory } from '../durable.js'
import { makeBelow } from './directories.js'
import { tryLock, type HeldLock } from './dotlock.js'
import { deferredBy, deferredBySetup, mailboxFull, type Failure } from './failure.js'
import type { AppendRange } from './lock-holder.js'
import { openDropFile, type OpenFile, type Refused } from './open.js'
import { missingSeparator, repairTail } from './torn-tail.js'
import type { Outcome } from './types.js'
import { lengthOf, makeReady, writeJobs, type ReadyJob } from './write-messages.js'

/**
 * Appends messages to drop files, each: lock, open, repair, write, sync, unlock. All are written before the first is
 * synced, since a journaling file system then syncs them together. What is delivered is on disk (D3) when this returns;
 * of what is not, nothing is in its file (D4). Every system call waits, so this runs in a thread of its own. Never throws;
 * waits for no lock.
 */
export function appendBatches(batches: readonly AppendBatch[]): BatchResult[] {
  const begun = batches.map(begin)
  for (const work of begun) if ('lock' in work) sync(work)
  return begun.map((work) => ('lock' in work ? finish(work) : work))
}

/** A batch whose messages are written and not yet synced, or failed. Its file is open, its lock held. */
interface Work {
  readonly target: AppendTarget
  readonly lock: HeldLock
  readonly jobs: readonly ReadyJob[]
  /** Those of the jobs that the file's limit leaves room for. */
  readonly fitting: readonly ReadyJob[]
  readonly opened: OpenFile
  readonly warnings: string[]
  failure: Failure | undefined
}

function begin({ target, jobs }: AppendBatch): Work | BatchResult {
  const warnings: string[] = []
  const all = (outcome: Outcome): BatchResult => ({ busy: false, outcomes: jobs.map(() => outcome), warnings })
  let doing = `cannot create the directory of ${target.file}`
  try {
    if (target.root !== undefined) makeBelow(target.root, path.dirname(target.file), target.fsync)
    doing = `cannot lock ${target.file}`
    const lock = tryLock(target.file, target.lock, (interrupted) => {
      mend(target, interrupted, warnings)
    })
    if ('busy' in lock) return lock
    try {
      doing = `cannot append to ${target.file}`
      const ready = jobs.map((job) => makeReady(job, target.dialect))
      const opened = openTarget(target)
      if (!('refused' in opened)) return write({ target, lock, jobs: ready, opened, warnings })
      unlock(lock, target, warnings)
      return all(deferredBySetup(`${target.file} cannot be a drop file: ${opened.refused}`))
    } catch (error) {
      unlock(lock, target, warnings)
      throw error
    }
  } catch (error) {
    return all(deferredBy(error, doing))
  }
}

/** The dead holder may have got no further than its lock: then there is no file, and none is made. */
function mend(target: AppendTarget, interrupted: AppendRange, warnings: string[]): void {
  if (lstatSync(target.file, { throwIfNoEntry: false }) === undefined) return
  const opened = openTarget(target)
  if ('refused' in opened) return
  try {
    const aside = repairTail(target.file, opened.fd, opened.length, interrupted)
    if (aside !== undefined) {
      warnings.push(`a crash left ${target.file} with half a message: it was moved to ${aside}`)
    }
  } finally {
    closeSync(opened.fd)
  }
}

function openTarget({ file, mode, owner }: AppendTarget): OpenFile | Refused {
  return openDropFile(file, { mode, ...(owner === undefined ? {} : { owner }) })
}

function write(begun: Omit<Work, 'fitting' | 'failure'>): Work {
  const { target, opened, jobs, lock } = begun
  const fitting = jobs.filter(fitsInto(target, opened.length))
  const work: Work = { ...begun, fitting, failure: undefined }
  if (fitting.length === 0) return work
  attempt(work, () => {
    const separator = missingSeparator(opened.fd, opened.length)
    const sizes = fitting.map(lengthOf)
    const sum = sizes.reduce<number>((total, size) => total + (size ?? 0), opened.length + separator.length)
    const to = sizes.includes(undefined) ? undefined : sum
    lock.announce({ from: opened.length, to })
    writeJobs(opened.fd, separator, fitting, target.dialect)
    if (to === undefined) lock.announce({ from: opened.length, to: fstatSync(opened.fd).size })
  })
  return work
}

function sync(work: Work): void {
  const { target, opened, fitting } = work
  if (work.failure !== undefined || fitting.length === 0 || !target.fsync) return
  attempt(work, () => {
    fdatasyncSync(opened.fd)
    if (opened.created) syncDirectory(path.dirname(target.file))
  })
}

/** D4: what fails is cut off again before the lock goes. */
function attempt(work: Work, action: () => void): void {
  try {
    action()
  } catch (error) {
    const { target, opened } = work
    work.failure = rollBack(target.file, opened, deferredBy(error, `cannot append to ${target.file}`))
  }
}

/** When several messages failed together, they are tried one by one, so that none fails for another. */
function finish(work: Work): BatchResult {
  const { target, lock, jobs, fitting, opened, warnings, failure } = work
  close(opened, target, warnings)
  const outcomes =
    failure !== undefined && jobs.length > 1
      ? jobs.map((job) => appendAlone(target, lock, job, failure, warnings))
      : jobs.map((job): Outcome =>
          fitting.includes(job) ? (failure ?? { state: 'delivered' }) : mailboxFull(target.file),
        )
  unlock(lock, target, warnings)
  return { busy: false, outcomes, warnings }
}

function appendAlone(
  target: AppendTarget,
  lock: HeldLock,
  job: ReadyJob,
  otherwise: Failure,
  warnings: string[],
): Outcome {
  try {
    const opened = openTarget(target)
    if ('refused' in opened) return otherwise
    const work = write({ target, lock, jobs: [job], opened, warnings })
    sync(work)
    close(opened, target, warnings)
    if (work.fitting.length === 0) return mailboxFull(target.file)
    return work.failure ?? { state: 'delivered' }
  } catch (error) {
    return deferredBy(error, `cannot append to ${target.file}`)
  }
}

/** D7: counts what the jobs before take. A message from a file has no known size: it is let in while there is any room. */
function fitsInto({ limit }: AppendTarget, length: number): (job: ReadyJob) => boolean {
  let taken = length
  return (job) => {
    const size = lengthOf(job) ?? 1
    if (limit !== undefined && taken + size > limit) return false
    taken += size
    return true
  }
}

/** A file that was created goes altogether, so that the next try begins as this one. */
function rollBack(file: string, { fd, length, created }: OpenFile, failure: Failure): Failure {
  try {
    ftruncateSync(fd, length)
    if (created) unlinkSync(file)
    return failure
  } catch (error) {
    const left = `and what was written could not be cut off at byte ${length}: ${errorText(error)}`
    return { ...failure, detail: `${failure.detail}, ${left}` }
  }
}

/** Once synced, what the file system says at the end (NFS does) changes nothing any more. */
function close({ fd }: OpenFile, { file }: AppendTarget, warnings: string[]): void {
  try {
    closeSync(fd)
  } catch (error) {
    warnings.push(`closing ${file} failed: ${errorText(error)}`)
  }
}

/** The messages are where they are; a lock that cannot be removed is found stale later. */
function unlock(lock: HeldLock, { file }: AppendTarget, warnings: string[]): void {
  try {
    lock.release()
  } catch (error) {
    warnings.push(`cannot remove the lock of ${file}: ${errorText(error)}`)
  }
}
