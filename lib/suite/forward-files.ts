import { errorText } from '../error.js'
import type { ForwardFileText } from '../routing/tables.js'
import { askDisk } from './disk.js'
import { readForwardFile } from './forward-file-reader.js'

/**
 * Reads forward files. One beside a drop file on this machine's own disk is read at once: some microseconds, where a
 * trip through a thread costs a hundred. One on a file system that may be another machine's, a home above all, is read in a
 * thread of its own, so that a server that hangs holds up nothing else.
 */
export function forwardFileReader(
  isOwnDisk: (file: string) => boolean,
): (file: string, ownerUid: number | undefined) => Promise<ForwardFileText> | ForwardFileText {
  return (file, ownerUid) => (isOwnDisk(file) ? readForwardFile(file, ownerUid) : askThread(file, ownerUid))
}

async function askThread(file: string, ownerUid: number | undefined): Promise<ForwardFileText> {
  try {
    return await askDisk('forwardFile', file, ownerUid)
  } catch (error) {
    return { kind: 'unavailable', detail: errorText(error) }
  }
}
