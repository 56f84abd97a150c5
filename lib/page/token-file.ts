import { randomBytes } from 'node:crypto'
import { closeSync, fstatSync, fsyncSync, openSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { errorCode, errorText } from '../error.js'

/** Lies in the Haraka directory, mode 0600. */
export const TOKEN_FILE = 'dmail-page.token'

/** A token that somebody chose is at least so long. */
const SHORTEST = 20

/** The token of a Haraka directory; made where there is none. Throws an Error in words for the operator. */
export function pageToken(harakaDir: string): string {
  const file = path.join(harakaDir, TOKEN_FILE)
  try {
    return readToken(file) ?? makeToken(file)
  } catch (error) {
    throw new Error(`no token for the page: ${errorText(error)}`, { cause: error })
  }
}

/** undefined where there is no file. */
function readToken(file: string): string | undefined {
  let fd: number
  try {
    fd = openSync(file, 'r')
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return undefined
    throw error
  }
  try {
    if ((fstatSync(fd).mode & 0o077) !== 0) throw new Error(`${file} can be read by others: chmod 600 it, or remove it`)
    const token = readFileSync(fd, 'utf8').trim()
    if (token.length < SHORTEST)
      throw new Error(`${file} holds less than ${SHORTEST} characters: remove it for a new one`)
    return token
  } finally {
    closeSync(fd)
  }
}

function makeToken(file: string): string {
  const token = randomBytes(32).toString('base64url')
  const fd = openSync(file, 'wx', 0o600)
  try {
    writeFileSync(fd, `${token}\n`)
    fsyncSync(fd)
  } finally {
    closeSync(fd)
  }
  return token
}
