import { lstat, readdir } from 'node:fs/promises'
import path from 'node:path'
import { errorCode } from '../error.js'
import { checkDropName, hashedPath, type HashMethod } from './drop-path.js'

/** How many found drop files are remembered. */
const MAX_FOUND = 10_000

/** How many directories are asked at once. */
const AT_ONCE = 16

/**
 * Finds the drop file of a name in a tree whose hash function is not known (D6, `hash_spool scan`): an existing
 * `<root>/<name>`, `<root>/<x>/<name>` or `<root>/<x>/<y>/<name>`, in this order and each in alphabetical order, or
 * else the place `hashedPath(root, name, newHash)` for a new one.
 *
 * Rejects with the error of the file system when it cannot tell: taking "cannot be read" for "is not there" would give
 * the user a second drop file. Throws as `checkDropName` for a bad name.
 */
export type Locate = (root: string, name: string, newHash: HashMethod) => Promise<string>

export interface LocateOptions {
  /** How long a list of hash directories is believed, in milliseconds. */
  readonly keepMs?: number
  /** Monotonic clock, in milliseconds. */
  readonly now?: () => number
}

/** A `Locate` with its own memory: where files were found (looked at again each time), and lists of hash directories. */
export function createLocate(options: LocateOptions = {}): Locate {
  const { keepMs = 5000, now = () => performance.now() } = options
  const found = new Map<string, string>()
  const trees = new Map<string, { readonly read: number; readonly directories: Promise<readonly string[]> }>()

  function hashDirectoriesOf(root: string): Promise<readonly string[]> {
    const known = trees.get(root)
    if (known !== undefined && now() - known.read < keepMs) return known.directories
    const directories = readHashDirectories(root)
    trees.set(root, { read: now(), directories })
    directories.catch(() => trees.delete(root))
    return directories
  }

  async function search(root: string, name: string): Promise<string | undefined> {
    // Where a file usually is costs three look-ups; only a legacy tree's other places cost more.
    for (const method of [0, 1, 2] as const) {
      const file = hashedPath(root, name, method)
      if (await isThere(file)) return file
    }
    const directories = await hashDirectoriesOf(root)
    for (let at = 0; at < directories.length; at += AT_ONCE) {
      const files = directories.slice(at, at + AT_ONCE).map((directory) => path.join(directory, name))
      const there = await Promise.all(files.map(isThere))
      const first = files[there.indexOf(true)]
      if (first !== undefined) return first
    }
    return undefined
  }

  return async (root, name, newHash) => {
    checkDropName(name)
    const key = `${root}\0${name}`
    const remembered = found.get(key)
    found.delete(key)
    const file = remembered !== undefined && (await isThere(remembered)) ? remembered : await search(root, name)
    if (file === undefined) return hashedPath(root, name, newHash)
    if (found.size >= MAX_FOUND) {
      for (const oldest of found.keys()) {
        found.delete(oldest)
        break
      }
    }
    found.set(key, file)
    return file
  }
}

/**
 * A directory is somebody's hash directory (user `b`, directory `b/`). Anything else counts as the drop file, a link or
 * device too: the delivery then says what is wrong instead of quietly beginning another file.
 */
async function isThere(file: string): Promise<boolean> {
  try {
    return !(await lstat(file)).isDirectory()
  } catch (error) {
    if (isAbsence(error)) return false
    throw error
  }
}

/**
 * All `<root>/<x>` and `<root>/<x>/<y>` with names of one character. Longer names are left out: `drop_path` often holds
 * the drop directory of a vdomain (`in/computers` below `in`), where the same name is another user.
 */
async function readHashDirectories(root: string): Promise<string[]> {
  const first = await oneLetterDirectories(root)
  const second: string[] = []
  for (const directory of first) second.push(...(await oneLetterDirectories(directory)))
  return [...first, ...second]
}

async function oneLetterDirectories(directory: string): Promise<string[]> {
  try {
    const entries = await readdir(directory, { withFileTypes: true })
    return entries
      .filter((entry) => Array.from(entry.name).length === 1 && (entry.isDirectory() || entry.isSymbolicLink()))
      .map((entry) => path.join(directory, entry.name))
      .sort()
  } catch (error) {
    if (isAbsence(error)) return []
    throw error
  }
}

function isAbsence(error: unknown): boolean {
  const code = errorCode(error)
  return code === 'ENOENT' || code === 'ENOTDIR'
}
