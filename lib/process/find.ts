import { constants } from 'node:fs'
import { access, open, stat, type FileHandle } from 'node:fs/promises'
import path from 'node:path'
import { errorText } from '../error.js'

export type FoundProgram = { readonly file: string } | { readonly missing: string }

/**
 * Finds a program (D11): a full path, or a bare name in the given directories, in order; never the PATH of this
 * process, and nothing relative to the working directory. It must be a regular file that may be executed.
 * `missing` says for the log why there is none.
 */
export async function findProgram(name: string, directories: readonly string[]): Promise<FoundProgram> {
  if (path.isAbsolute(name)) {
    const fault = await faultOf(name)
    return fault === undefined ? { file: name } : { missing: fault }
  }
  if (name === '' || name === '.' || name === '..' || /[/\\]/.test(name)) {
    return { missing: `${JSON.stringify(name)} is neither a full path nor a bare name` }
  }
  const faults: string[] = []
  for (const directory of directories.filter((entry) => path.isAbsolute(entry))) {
    const file = path.join(directory, name)
    const fault = await faultOf(file)
    if (fault === undefined) return { file }
    faults.push(fault)
  }
  return { missing: faults.length === 0 ? `no directory to look for ${name} in` : faults.join('; ') }
}

async function faultOf(file: string): Promise<string | undefined> {
  try {
    if (!(await stat(file)).isFile()) return `${file} is not a regular file`
    await access(file, constants.X_OK)
    return (await isBareText(file)) ? `${file} is a script whose first line names no interpreter (#!)` : undefined
  } catch (error) {
    return errorText(error)
  }
}

/** How much of a file is looked at: binary formats have a NUL in their head. */
const HEAD = 512

/**
 * A text without `#!`: the system cannot execute it, and the C library would then hand it to /bin/sh (execvp), which no program
 * is to meet (D8). What may be executed but not read is no script.
 */
async function isBareText(file: string): Promise<boolean> {
  let handle: FileHandle
  try {
    handle = await open(file, 'r')
  } catch {
    return false
  }
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(HEAD), 0, HEAD, 0)
    const head = buffer.subarray(0, bytesRead)
    return !head.includes(0) && head.subarray(0, 2).toString('latin1') !== '#!'
  } finally {
    await handle.close()
  }
}
