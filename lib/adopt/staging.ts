import { lchownSync, mkdirSync, readdirSync, rmdirSync, rmSync, statSync } from 'node:fs'
import { randomBytes } from 'node:crypto'
import path from 'node:path'
import { replaceFile, syncDirectory } from '../durable.js'
import { errorCode } from '../error.js'
import { parseRecord } from '../record.js'
import type { Account } from './files.js'
import { readPlainText, STAGING } from './marks.js'

/** An adoption that was begun here and has not come to its end. */
export interface Begun {
  readonly key: string
  /** The queue directory that is taken over. */
  readonly from: string
  /** Where its mail is until it has entered the own queue. */
  readonly stage: string
}

const RECORD = /^([0-9a-f]{16})\.json$/

/** What this Haraka takes over, kept in a directory in its own queue, so that one that was killed goes on. */
export interface Staging {
  begin(from: string, key?: string): Begun
  all(): readonly Begun[]
  /** Forgets an adoption, if nothing of it is left. False: there is something. */
  end(begun: Begun): boolean
  account(): Account
}

export function openStaging(ownQueue: string): Staging {
  const base = path.join(ownQueue, STAGING)
  const stageOf = (key: string): string => path.join(base, key)

  /** Workers run as another account than a master that is root: as that to which the queue belongs. */
  function account(): Account {
    return process.getuid?.() === 0 ? statSync(ownQueue) : undefined
  }

  function make(directory: string): void {
    try {
      mkdirSync(directory, 0o700)
    } catch (error) {
      if (errorCode(error) !== 'EEXIST') throw error
    }
    // Also one that is there: a crash may have come between.
    const owner = account()
    if (owner !== undefined) lchownSync(directory, owner.uid, owner.gid)
  }

  return {
    account,
    begin(from, key = randomBytes(8).toString('hex')) {
      make(base)
      make(stageOf(key))
      replaceFile(path.join(base, `${key}.json`), `${JSON.stringify({ version: 1, from })}\n`, { mode: 0o600 })
      syncDirectory(ownQueue)
      return { key, from, stage: stageOf(key) }
    },
    all() {
      return namesIn(base).flatMap((name) => {
        const [, key] = RECORD.exec(name) ?? []
        if (key === undefined) return []
        const from = parseRecord(readPlainText(path.join(base, name)), 65_536)?.['from']
        return typeof from === 'string' ? [{ key, from, stage: stageOf(key) }] : []
      })
    },
    end({ key, stage }) {
      if (!emptied(stage)) return false
      rmSync(path.join(base, `${key}.json`), { force: true })
      emptied(base)
      return true
    },
  }
}

/** Removes a directory; false: it is there still, since there is something in it, or it is not to be removed. */
export function emptied(directory: string): boolean {
  try {
    rmdirSync(directory)
    return true
  } catch (error) {
    return errorCode(error) === 'ENOENT'
  }
}

function namesIn(directory: string): string[] {
  try {
    return readdirSync(directory)
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return []
    throw error
  }
}
