import { lstat } from 'node:fs/promises'
import path from 'node:path'
import { listReasonFiles, readReasonFile, REASON_DIRECTORY } from '../queue/reason-files.js'

/** Why the last attempts at these messages failed, as a dead Haraka kept it. What cannot be read is not known. */
export async function readReasons(harakaDir: string, ids: ReadonlySet<string>): Promise<ReadonlyMap<string, string>> {
  const directory = path.join(harakaDir, REASON_DIRECTORY)
  const reasons = new Map<string, string>()
  const files: { readonly file: string; readonly mtimeMs: number }[] = []
  for (const name of await listReasonFiles(directory).catch(() => [])) {
    const file = path.join(directory, name)
    const seen = await lstat(file).catch(() => undefined)
    if (seen !== undefined) files.push({ file, mtimeMs: seen.mtimeMs })
  }
  for (const { file } of files.sort((a, b) => a.mtimeMs - b.mtimeMs)) {
    await readReasonFile(file, (id, reason) => {
      if (ids.has(id)) reasons.set(id, reason)
    }).catch(() => undefined)
  }
  return reasons
}
