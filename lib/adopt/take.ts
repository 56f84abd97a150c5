import { constants, type Stats } from 'node:fs'
import { access, lstat, readdir, rename } from 'node:fs/promises'
import path from 'node:path'
import { directorySynced } from '../durable.js'
import { eachOf } from '../each-of.js'
import { errorCode } from '../error.js'
import { copy, faultOf, giveTo, GONE, LINKED, NO_FILE, none, NOT_OURS, removed, type Account } from './files.js'

/*
 * How a queue file leaves the directory of a dead node, each once, whenever this process is killed:
 *
 * - On one file system it is renamed into the staging directory.
 * - Else it is copied there as `copy.NAME`; its source is renamed into `taken`, a directory beside it; the copy gets its name; the source
 *   is removed. Each of these is on disk before the next begins. Whose the message is turns with the rename into `taken`: before, a copy
 *   is worth nothing, since the node may start and send it; from then on it is complete and is sent here.
 *
 * What is in the staging directory under its own name is nobody's but ours, and has still to enter the queue.
 */

export interface Ways {
  /** The queue directory of the dead node. */
  readonly from: string
  /** The staging directory, on the file system of the own queue. */
  readonly stage: string
  /** In `from`, there from the beginning. */
  readonly taken: string
  readonly account: Account
  /** Called between two steps; for tests. */
  readonly step?: (name: string) => void
}

export interface Batch {
  readonly names: readonly string[]
  readonly left: (why: string, file: string) => void
}

/** No queue file begins so. */
const COPY = 'copy.'
/** Files worked on at once. */
const LANES = 16

/** Takes these files, as far as they are mail and there. What is not taken is told to `left`. Rejects for what concerns all, such as a full disk. */
export async function takeBatch(ways: Ways, { names, left }: Batch): Promise<void> {
  const { from, stage, step = () => undefined } = ways
  const away: string[] = []
  await eachOf(names, LANES, async (name) => {
    const source = path.join(from, name)
    const seen = await lstat(source).catch(faultOf)
    if (typeof seen === 'string') {
      if (seen !== GONE) left(seen, name)
    } else if (!seen.isFile()) left(NO_FILE, name)
    else if (seen.nlink > 1) left(LINKED, name)
    else if (!(await isReadable(source, seen))) left(NOT_OURS, name)
    else if ((await lstat(path.join(stage, name)).catch(none)) !== undefined) left('has been taken already', name)
    else if (await renamed(source, path.join(stage, name), ways)) step('renamed')
    else away.push(name)
  })
  if (away.length > 0) await copyAll(ways, { names: away, left })
  await directorySynced(stage)
  await directorySynced(from)
  step('synced')
}

/** A file that is renamed may be one that nobody here can open. */
async function isReadable(file: string, { uid }: Stats): Promise<boolean> {
  if (uid === process.geteuid?.()) return true
  return await access(file, constants.R_OK).then(
    () => true,
    () => false,
  )
}

/** False: it is on another file system. */
async function renamed(source: string, target: string, { account }: Ways): Promise<boolean> {
  try {
    await rename(source, target)
  } catch (error) {
    if (errorCode(error) === 'EXDEV') return false
    // Its node has started, and was first.
    if (errorCode(error) === 'ENOENT') return true
    throw error
  }
  if (account !== undefined) await giveTo(target, account)
  return true
}

async function copyAll(ways: Ways, { names, left }: Batch): Promise<void> {
  const { from, stage, taken, step = () => undefined } = ways
  const copied: string[] = []
  try {
    await eachOf(names, LANES, async (name) => {
      const why = await copy(path.join(from, name), path.join(stage, `${COPY}${name}`), ways.account)
      step('copied')
      if (why === undefined) copied.push(name)
      else left(why, name)
    })
  } catch (error) {
    // Their sources are where they were, and the room may be needed.
    await eachOf(names, LANES, (name) => removed(path.join(stage, `${COPY}${name}`)))
    throw error
  }
  await directorySynced(stage)
  await eachOf(copied, LANES, async (name) => {
    // It may be gone: its node has started, and was first.
    await rename(path.join(from, name), path.join(taken, name)).catch(none)
    step('moved')
  })
  await directorySynced(taken)
  await directorySynced(from)
  await finishCopies(ways)
}

/** Copies that are complete take their names, others go. Right after any end of this process, with all that can be seen of `taken`. */
export async function finishCopies({ stage, taken, step = () => undefined }: Ways): Promise<void> {
  const { names, copies } = await staged(stage)
  if (names.length + copies.length === 0) return
  // Without it nothing is known of the copies: rejects.
  await lstat(taken)
  const kept: string[] = []
  await eachOf(copies, LANES, async (name) => {
    const unnamed = path.join(stage, `${COPY}${name}`)
    if ((await lstat(path.join(taken, name)).catch(none)) === undefined) {
      await removed(unnamed)
      return
    }
    await rename(unnamed, path.join(stage, name))
    kept.push(name)
    step('named')
  })
  await directorySynced(stage)
  // Those that have their names already are complete too; what has entered the queue since is in neither list.
  await eachOf([...kept, ...names], LANES, async (name) => {
    await removed(path.join(taken, name))
    step('removed')
  })
  await directorySynced(taken)
}

/** What is in a staging directory: under its own name, and copies. */
export async function staged(stage: string): Promise<{ readonly names: string[]; readonly copies: string[] }> {
  const names: string[] = []
  const copies: string[] = []
  for (const name of await readdir(stage)) {
    if (name.startsWith(COPY)) copies.push(name.slice(COPY.length))
    else names.push(name)
  }
  return { names, copies }
}
