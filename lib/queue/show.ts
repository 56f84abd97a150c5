import { constants } from 'node:fs'
import { open } from 'node:fs/promises'
import path from 'node:path'
import type { QueueDetail } from './shown.js'
import { readFileName } from './file-name.js'
import { rowOf } from './rows.js'
import type { QueueSight } from './sight.js'

/** As much of a message's header section as is shown. */
const MAX_HEADERS = 64 * 1024

/** One message of this process in full; undefined when it is not here. */
export async function showMessage(sight: QueueSight, id: string): Promise<QueueDetail | undefined> {
  // Its file has another name after each attempt: it is looked up again when it was not found.
  for (let tries = 0; tries < 2; tries++) {
    const entry = sight.index.get(id)
    if (entry === undefined) return undefined
    const { file } = entry
    const [header] = await sight.readHeaders([file])
    const headers =
      header === undefined ? undefined : await headerSection(path.join(sight.directory, file), header.start)
    if (headers === undefined && sight.index.get(id)?.file !== file) continue
    return { ...rowOf(sight, { entry, header }), file, pid: pidOf(file), headers: headers ?? '' }
  }
  return undefined
}

/** undefined when the file cannot be read. */
async function headerSection(file: string, start: number): Promise<string | undefined> {
  try {
    const handle = await open(file, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK)
    try {
      const { buffer, bytesRead } = await handle.read(Buffer.alloc(MAX_HEADERS), 0, MAX_HEADERS, start)
      const bytes = buffer.subarray(0, bytesRead)
      const end = /\r?\n\r?\n/.exec(bytes.toString('latin1'))
      return bytes.subarray(0, end === null ? bytesRead : end.index).toString('utf8')
    } finally {
      await handle.close()
    }
  } catch {
    return undefined
  }
}

/** The fourth part of a queue file's name (Haraka's outbound/qfile.js). */
function pidOf(file: string): number {
  return readFileName(file) === undefined ? 0 : Number(file.split('_')[3])
}
