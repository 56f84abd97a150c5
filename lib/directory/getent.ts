import { execFile } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { errorText } from '../error.js'

/** `none`: the data base answered and has no such entry. `failed`: nobody knows; `detail` is for the log. */
export type Entry =
  | { readonly kind: 'line'; readonly line: string }
  | { readonly kind: 'none' }
  | { readonly kind: 'failed'; readonly detail: string }

export interface GetentOptions {
  /** The program, `getent` on every system that has it. */
  readonly getent: string
  /** Read where there is no such program (macOS, a bare Alpine). */
  readonly files: { readonly passwd: string; readonly group: string }
  readonly timeoutMs: number
  readonly signal: AbortSignal
}

// getent(1): "2  One or more supplied key could not be found in the database".
const NOT_FOUND = 2
const MAX_OUTPUT = 64 * 1024

/**
 * One entry of the name service, LDAP and SSSD included (U6), by `getent <database> <key>`, without a shell. The key
 * must not begin with `-`: `--` cannot guard it, because the getent of musl and the BSDs takes that for a key. A
 * key of digits is a uid to getent, so an entry of another name is not the answer and the file is.
 */
export async function getentEntry(database: 'passwd' | 'group', key: string, options: GetentOptions): Promise<Entry> {
  const file = options.files[database]
  const found = await runGetent(database, key, options)
  if (found.kind === 'no-getent') return fileEntry(file, key)
  const byNumber = /^\+?\d+$/.test(key) && found.kind !== 'failed'
  return byNumber && !(found.kind === 'line' && isFor(key, found.line)) ? fileEntry(file, key) : found
}

function runGetent(
  database: string,
  key: string,
  { getent, timeoutMs, signal }: GetentOptions,
): Promise<Entry | { readonly kind: 'no-getent' }> {
  return new Promise((resolve) => {
    const settings = { timeout: timeoutMs, killSignal: 'SIGKILL', maxBuffer: MAX_OUTPUT, signal } as const
    execFile(getent, [database, key], settings, (error, output) => {
      const line = output.split('\n', 1)[0] ?? ''
      if (error === null) {
        resolve(line === '' ? failed(`${getent} ${database} ${key} printed nothing`) : { kind: 'line', line })
      } else if (error.code === NOT_FOUND) {
        resolve({ kind: 'none' })
      } else if (isMissing(error)) {
        resolve({ kind: 'no-getent' })
      } else if (signal.aborted) {
        resolve(failed('the user directory is closed'))
      } else if (error.killed === true) {
        resolve(failed(`${getent} ${database} ${key} did not end within ${timeoutMs / 1000} s`))
      } else {
        resolve(failed(`${getent} ${database} ${key} failed: ${error.code ?? error.signal ?? error.message}`))
      }
    })
  })
}

async function fileEntry(file: string, key: string): Promise<Entry> {
  try {
    const text = await readFile(file, 'utf8')
    const line = text.split('\n').find((each) => isFor(key, each))
    return line === undefined ? { kind: 'none' } : { kind: 'line', line }
  } catch (error) {
    return failed(`${file} cannot be read: ${errorText(error)}`)
  }
}

function isFor(key: string, line: string): boolean {
  return line.startsWith(`${key}:`)
}

function isMissing(error: Error): boolean {
  return 'code' in error && error.code === 'ENOENT'
}

function failed(detail: string): Entry {
  return { kind: 'failed', detail }
}
