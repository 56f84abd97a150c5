import { randomBytes } from 'node:crypto'
import { lstat, mkdir, open, realpath, rename, rm, stat } from 'node:fs/promises'
import path from 'node:path'
import { errorCode } from '../error.js'
import { isBelow } from '../routing/forward-file.js'
import type { PlannedFile } from './types.js'

/** Cannot be written, and why. */
export class WriteRefused extends Error {
  override readonly name = 'WriteRefused'
}

/** Whether the plan changes the file. */
export function changes({ before, after, kept }: PlannedFile): boolean {
  return !kept && (before === undefined || !before.equals(after))
}

/**
 * The real place of every file that is going to be written. Throws a WriteRefused, before anything is written, for one that a link leads
 * out of the directory, or that is no regular file.
 */
export async function findPlaces(directory: string, names: readonly string[]): Promise<Map<string, string>> {
  const base = await realpath(directory)
  const places = new Map<string, string>()
  for (const name of names) places.set(name, await placeOf(base, name))
  return places
}

async function placeOf(base: string, name: string): Promise<string> {
  let at = base
  for (const part of name.split('/')) {
    const next = path.join(at, part)
    const found = await lstat(next).catch((error: unknown) => {
      if (errorCode(error) === 'ENOENT') return undefined
      throw error
    })
    if (found === undefined || !found.isSymbolicLink()) {
      at = next
      continue
    }
    at = await realpath(next).catch(() => '')
    if (!isBelow(at, [base])) {
      throw new WriteRefused(
        `${name} is not written: ${next} is a link that leads out of ${base}; replace it by a file`,
      )
    }
  }
  const found = await lstat(at).catch(() => undefined)
  if (found !== undefined && !found.isFile())
    throw new WriteRefused(`${name} is not written: ${at} is not a regular file`)
  return at
}

/** `20261125-074132`, for the names of backups. */
export function stamp(now: Date): string {
  return now.toISOString().slice(0, 19).replace(/[-:]/g, '').replace('T', '-')
}

/** Writes the files that change; what they held is beside them afterwards. Returns the names of the backups by file. */
export async function writeFiles(
  directory: string,
  files: readonly PlannedFile[],
  places: ReadonlyMap<string, string>,
  now: Date,
): Promise<Map<string, string>> {
  const backups = new Map<string, string>()
  for (const file of files.filter(changes)) {
    const place = places.get(file.name)
    if (place === undefined) throw new Error(`${file.name} has no place`)
    await mkdir(path.dirname(place), { recursive: true })
    const like = await stat(place).catch(() => undefined)
    if (file.before !== undefined) {
      const name = await backUp(place, file.before, like, stamp(now))
      backups.set(file.name, path.join(path.dirname(file.name), name))
    }
    await replaceFile(place, file.after, like ?? { mode: file.mode, ...(await ownerOf(directory)) })
  }
  return backups
}

interface Like {
  readonly mode: number
  readonly uid: number
  readonly gid: number
}

async function ownerOf(directory: string): Promise<{ readonly uid: number; readonly gid: number }> {
  const { uid, gid } = await stat(directory)
  return { uid, gid }
}

async function backUp(place: string, content: Buffer, like: Like | undefined, when: string): Promise<string> {
  for (let number = 1; ; number++) {
    const name = `${path.basename(place)}.bak-${when}${number === 1 ? '' : `-${number}`}`
    try {
      await writeNew(path.join(path.dirname(place), name), content, like ?? { mode: 0o644, uid: -1, gid: -1 })
      return name
    } catch (error) {
      if (errorCode(error) !== 'EEXIST') throw error
    }
  }
}

/** A whole file by another name first: a reader sees the old one or the new one. */
async function replaceFile(place: string, content: Buffer, like: Like): Promise<void> {
  const temporary = `${place}.${randomBytes(6).toString('hex')}.new`
  try {
    await writeNew(temporary, content, like)
    await rename(temporary, place)
  } catch (error) {
    await rm(temporary, { force: true })
    throw error
  }
}

async function writeNew(file: string, content: Buffer, { mode, uid, gid }: Like): Promise<void> {
  const handle = await open(file, 'wx', mode & 0o777)
  try {
    // The mask of this process takes nothing away, and what root writes belongs to whom it belonged.
    await handle.chmod(mode & 0o777)
    if (process.getuid?.() === 0 && uid >= 0) await handle.chown(uid, gid)
    await handle.writeFile(content)
    await handle.sync()
  } finally {
    await handle.close()
  }
}
