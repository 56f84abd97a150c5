import { chown, lstat, mkdir, open, realpath, stat } from 'node:fs/promises'
import path from 'node:path'
import { makeLike, replaceFile, type Like } from '../durable.js'
import { errorCode, errorText } from '../error.js'
import { isBelow } from '../routing/forward-file.js'
import type { PlannedFile } from './types.js'

/** Cannot be written, and why. */
export class WriteRefused extends Error {
  override readonly name = 'WriteRefused'
}

/** Could not be written to the end; what came before it is written. */
export class WriteFailed extends Error {
  override readonly name = 'WriteFailed'
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
  const owner = await ownerOf(directory)
  for (const file of files.filter(changes)) {
    try {
      const backup = await writeFile(file, places.get(file.name) ?? path.join(directory, file.name), owner, now)
      if (backup !== undefined) backups.set(file.name, path.join(path.dirname(file.name), backup))
    } catch (error) {
      throw new WriteFailed(`${file.name} cannot be written: ${errorText(error)}`, { cause: error })
    }
  }
  return backups
}

/** Returns the name of the backup, if there was a file. */
async function writeFile(file: PlannedFile, place: string, owner: Owner, now: Date): Promise<string | undefined> {
  await makeFolder(path.dirname(place), owner)
  const like = await stat(place).catch(() => undefined)
  const backup =
    file.before === undefined
      ? undefined
      : await backUp(place, file.before, like ?? { mode: 0o644, ...owner }, stamp(now))
  replaceFile(place, file.after, like ?? { mode: file.mode, ...owner })
  return backup
}

export interface Owner {
  readonly uid: number
  readonly gid: number
}

/** What root makes belongs to whom the Haraka directory belongs. */
export async function ownerOf(directory: string): Promise<Owner> {
  const { uid, gid } = await stat(directory)
  return { uid, gid }
}

/** Makes the Haraka directory where there is none. */
export async function makeDirectory(directory: string): Promise<void> {
  await mkdir(directory, { recursive: true })
}

/** Makes a folder, and those above it. */
export async function makeFolder(folder: string, { uid, gid }: Owner): Promise<void> {
  const first = await mkdir(folder, { recursive: true })
  if (first === undefined || process.getuid?.() !== 0) return
  for (let at = folder; at.startsWith(first); at = path.dirname(at)) await chown(at, uid, gid)
}

async function backUp(place: string, content: Buffer, like: Like, when: string): Promise<string> {
  for (let number = 1; ; number++) {
    const name = `${path.basename(place)}.bak-${when}${number === 1 ? '' : `-${number}`}`
    try {
      await writeNew(path.join(path.dirname(place), name), content, like)
      return name
    } catch (error) {
      if (errorCode(error) !== 'EEXIST') throw error
    }
  }
}

async function writeNew(file: string, content: Buffer, like: Like): Promise<void> {
  const handle = await open(file, 'wx', 0o600)
  try {
    makeLike(handle.fd, like)
    await handle.writeFile(content)
    await handle.sync()
  } finally {
    await handle.close()
  }
}
