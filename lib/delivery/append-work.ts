import { closeSync, fdatasyncSync, fstatSync } from 'node:fs'
import path from 'node:path'
import { syncDirectory } from '../durable.js'
import { errorText } from '../error.js'
import type { AppendBatch, AppendTarget, BatchResult } from './append-job.js'
import { cutBack } from './cut-back.js'
import { makeBelow } from './directories.js'
import { tryLock, type HeldLock } from './dotlock.js'
import { deferredBy, deferredBySetup, mailboxFull, type Failure } from './failure.js'
import type { OpenFile } from './open.js'
import { mend, openTarget } from './target.js'
import { missingSeparator } from './torn-tail.js'
import type { Outcome } from './types.js'
import { lengthOf, makeReady, writeJobs, type ReadyJob } from './write-messages.js'

/** A batch whose messages are written and not yet synced, or failed. Its file is open, its lock held. */
export interface Work {
  readonly target: AppendTarget
  readonly lock: HeldLock
  readonly jobs: readonly ReadyJob[]
  /** Those of the jobs that the file's limit leaves room for. */
  readonly fitting: readonly ReadyJob[]
  readonly opened: OpenFile
  readonly warnings: string[]
  failure: Failure | undefined
  /** All of it is there, as far as the file system can be made to say. */
  written: boolean
  /** Where what failed begins that could not be cut off. */
  tornAt: number | undefined
}

/** Locks, opens, repairs and writes. A result: there is no more to do. Never throws. */
export function beginWork({ target, jobs }: AppendBatch): Work | BatchResult {
  const warnings: string[] = []
  const all = (outcome: Outcome): BatchResult => ({ busy: false, outcomes: jobs.map(() => outcome), warnings })
  let doing = `cannot create the directory of ${target.file}`
  try {
    if (target.root !== undefined) makeBelow(target.root, path.dirname(target.file), target.fsync)
    doing = `cannot lock ${target.file}`
    const lock = tryLock(target.file, target.lock, (interrupted, isThereStill) => {
      mend(target, interrupted, isThereStill, warnings)
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

function write(begun: Omit<Work, 'fitting' | 'failure' | 'written' | 'tornAt'>): Work {
  const { target, opened, jobs, lock } = begun
  const fitting = jobs.filter(fitsInto(target, opened.length))
  const work: Work = { ...begun, fitting, failure: undefined, written: false, tornAt: undefined }
  if (fitting.length === 0) return work
  attempt(work, () => {
    const separator = missingSeparator(opened.fd, opened.length)
    const sizes = fitting.map(lengthOf)
    const sum = sizes.reduce<number>((total, size) => total + (size ?? 0), opened.length + separator.length)
    const to = sizes.includes(undefined) ? undefined : sum
    lock.announce({ from: opened.length, to })
    writeJobs(opened.fd, separator, fitting, target.dialect, lock.keep)
    if (to === undefined) lock.announce({ from: opened.length, to: fstatSync(opened.fd).size })
  })
  return work
}

export function syncWork(work: Work): void {
  const { target, lock, opened, fitting } = work
  if (work.failure !== undefined || fitting.length === 0) return
  attempt(work, () => {
    if (target.fsync) {
      lock.confirm()
      fdatasyncSync(opened.fd)
      if (opened.created) syncDirectory(path.dirname(target.file))
    }
    // Whoever took the lock for left behind may have cut off what was not written yet.
    lock.keep()
    work.written = true
  })
}

/** While others are at work: its lock must not grow old meanwhile. */
export function keepLock(work: Work): void {
  if (!work.written) attempt(work, work.lock.keep)
}

function attempt(work: Work, action: () => void): void {
  if (work.failure !== undefined) return
  try {
    action()
  } catch (error) {
    giveUp(work, error)
  }
}

function giveUp(work: Work, error: unknown, reopen?: () => OpenFile): void {
  const { target, opened, lock } = work
  const { failure, done } = cutBack(
    target.file,
    lock,
    opened,
    deferredBy(error, `cannot append to ${target.file}`),
    reopen,
  )
  work.failure = failure
  if (!done) work.tornAt = opened.length
}

/** Closes and unlocks. When several messages failed together, they are tried one by one, so that none fails for another. */
export function finishWork(work: Work): BatchResult {
  const { target, lock, jobs, warnings } = work
  close(work)
  const { failure } = work
  const outcomes =
    failure !== undefined && jobs.length > 1 && work.tornAt === undefined
      ? jobs.map((job) => appendAlone(work, job, failure))
      : jobs.map((job) => outcomeOf(work, job))
  if (work.tornAt === undefined) unlock(lock, target, warnings)
  else leaveTorn(lock, work.tornAt)
  return { busy: false, outcomes, warnings }
}

function outcomeOf({ target, fitting, failure }: Work, job: ReadyJob): Outcome {
  return fitting.includes(job) ? (failure ?? { state: 'delivered' }) : mailboxFull(target.file)
}

/** Whoever finds the lock old moves aside what is torn: the next delivery must not be appended to half a message. */
function leaveTorn(lock: HeldLock, from: number): void {
  try {
    lock.announce({ from, to: undefined })
    lock.confirm()
  } catch {
    // Then what was announced before counts.
  }
  lock.abandon()
}

function appendAlone(all: Work, job: ReadyJob, otherwise: Failure): Outcome {
  const { target, lock, warnings } = all
  if (all.tornAt !== undefined) return otherwise
  try {
    const opened = openTarget(target)
    if ('refused' in opened) return otherwise
    const work = write({ target, lock, jobs: [job], opened, warnings })
    syncWork(work)
    close(work)
    all.tornAt = work.tornAt
    return outcomeOf(work, job)
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

/** Once synced, what the file system says at the end (NFS does) changes nothing any more; without a sync it is its only word. */
function close(work: Work): void {
  const { target, opened, warnings } = work
  try {
    closeSync(opened.fd)
  } catch (error) {
    if (target.fsync || work.failure !== undefined) {
      warnings.push(`closing ${target.file} failed: ${errorText(error)}`)
      return
    }
    giveUp(work, error, () => {
      const again = openTarget(target)
      if ('refused' in again) throw new Error(again.refused)
      return again
    })
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
