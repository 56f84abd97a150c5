import { lstatSync, realpathSync, type Stats } from 'node:fs'
import { readdir } from 'node:fs/promises'
import path from 'node:path'
import { errorCode } from '../error.js'
import { ownerOf, readFileName } from '../queue/file-name.js'
import { ADOPTION_FILE, isOwnFile, NODE_FILE, readNodeMark, STAGING, type NodeMark } from './marks.js'

/** A queue directory of another Haraka. */
export interface Place {
  readonly queue: string
  /** undefined: nothing in it says whose it is. */
  readonly mark: NodeMark | undefined
  /** Its Haraka directory; undefined where that is not there. */
  readonly haraka: string | undefined
}

/** A directory that cannot be taken over, in words for the operator. */
export class NoPlace extends Error {
  override readonly name = 'NoPlace'

  constructor(
    message: string,
    readonly hint: string,
  ) {
    super(message)
  }
}

const WHICH = 'name the queue directory of a dead node, or its Haraka directory'

/** What lies in a directory that an operator names, which is a queue or a Haraka directory with one. Rejects with NoPlace. */
export async function findPlace(named: string, ownQueue: string): Promise<Place> {
  await look(named)
  const isQueue = await holdsMail(named)
  const inside = path.join(named, 'queue')
  const queue = isQueue || lstatSync(inside, { throwIfNoEntry: false }) === undefined ? named : inside
  const names = await look(queue)
  const [own, there] = [realpathSync(ownQueue), realpathSync(queue)]
  const same = lstatSync(own, { throwIfNoEntry: false })
  const found = lstatSync(there)
  if (there === own || (same?.dev === found.dev && same.ino === found.ino)) {
    throw new NoPlace(`${queue} is the queue of this Haraka itself`, WHICH)
  }
  if (there.startsWith(`${own}${path.sep}`)) throw new NoPlace(`${queue} is a part of the queue of this Haraka`, WHICH)
  if (!names.some((name) => isMailOrMark(name))) {
    throw new NoPlace(`${queue} is no queue directory: there is neither mail in it nor ${NODE_FILE}`, WHICH)
  }
  const mark = markOf(queue)
  return { queue, mark, haraka: harakaOf(queue, mark) }
}

/** Its names. Rejects with NoPlace for what is no directory or cannot be read. */
async function look(directory: string): Promise<string[]> {
  let seen: Stats | undefined
  try {
    seen = lstatSync(directory)
    if (seen.isDirectory()) return await readdir(directory)
  } catch (error) {
    throw new NoPlace(`${directory} cannot be read: ${WHY[errorCode(error) ?? ''] ?? String(error)}`, WHICH)
  }
  const what = seen.isSymbolicLink() ? 'is a symbolic link' : 'is no directory'
  throw new NoPlace(`${directory} ${what}`, seen.isSymbolicLink() ? 'name the directory itself' : WHICH)
}

const WHY: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such directory',
  EACCES: 'the account that Haraka runs as may not',
  ENOTDIR: 'it is not below a directory',
}

async function holdsMail(directory: string): Promise<boolean> {
  return (await look(directory)).some((name) => isMailOrMark(name))
}

function isMailOrMark(name: string): boolean {
  return name === NODE_FILE || name === ADOPTION_FILE || name === STAGING || readFileName(name) !== undefined
}

function markOf(queue: string): NodeMark | undefined {
  try {
    return readNodeMark(path.join(queue, NODE_FILE))
  } catch {
    // Whose it is is not known then.
    return undefined
  }
}

function harakaOf(queue: string, mark: NodeMark | undefined): string | undefined {
  const haraka = mark === undefined ? path.dirname(queue) : path.resolve(queue, mark.haraka)
  const isOne = lstatSync(path.join(haraka, 'config'), { throwIfNoEntry: false })?.isDirectory() === true
  return isOne ? haraka : undefined
}

/** What the names of a queue directory are. */
export interface Sorted {
  readonly mail: readonly string[]
  readonly unfinished: number
  /** Neither mail nor a file of the suite. */
  readonly other: readonly string[]
}

/** Haraka's outbound/qfile.js: the name of a queue file begins so until all of it is written. */
const UNFINISHED = '__tmp__.'

export function sortNames(names: readonly string[]): Sorted {
  const mail: string[] = []
  const other: string[] = []
  let unfinished = 0
  for (const name of names) {
    if (readFileName(name) !== undefined) mail.push(name)
    else if (name.startsWith(UNFINISHED) && ownerOf(name.slice(UNFINISHED.length)) !== undefined) unfinished++
    else if (!isOwnFile(name)) other.push(name)
  }
  return { mail, unfinished, other }
}
