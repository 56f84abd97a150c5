import { readFile } from 'node:fs/promises'
import { hostname } from 'node:os'
import path from 'node:path'
import { readDomain } from '../conf/value-mail.js'

/** What this server calls itself in EHLO: Haraka's own name for it (`config/me`), else that of the machine. */
export async function readHello(harakaDir: string): Promise<string> {
  const first = await readFile(path.join(harakaDir, 'config/me'), 'utf8').then(
    (text) => text.split('\n')[0] ?? '',
    () => '',
  )
  return [first.trim(), hostname()].map(readDomain).find((name) => name !== undefined && name !== '') ?? 'localhost'
}
