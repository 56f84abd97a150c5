import { stat } from 'node:fs/promises'

/** Looks at a set of files from time to time. */
export interface Watcher {
  /** The files to look at from now on; what changed since `since` (ms) counts as a change still to be told. */
  set(files: readonly string[], since: number): Promise<void>
  close(): void
}

/** File systems take the time from the last tick of the kernel, up to 10 ms ago; Date.now() is cut to whole ones. */
const GRAIN_MS = 10

/**
 * Calls `changed` when any of the files changed, came or went: time, size, inode. Looking every few seconds also sees
 * what fs.watch misses: files replaced by rename, network file systems, files that do not exist yet. `changed` is awaited, so
 * calls never overlap. The timer does not hold the process open.
 */
export function watchFiles(everyMs: () => number, changed: () => Promise<void>): Watcher {
  let files: readonly string[] = []
  let seen = ''
  let closed = false
  let timer: NodeJS.Timeout | undefined

  const look = async (): Promise<void> => {
    const looked = files
    const now = await fingerprint(looked)
    // Others may have been set meanwhile.
    if (files !== looked || now === seen || looked.length === 0) return
    seen = now
    await changed()
  }
  const schedule = (): void => {
    if (closed) return
    timer = setTimeout(() => {
      look()
        .catch(() => undefined)
        .finally(schedule)
    }, everyMs())
    timer.unref()
  }
  return {
    async set(next, since) {
      // How often is known only when the first files are.
      if (timer === undefined) schedule()
      const known = seen !== '' && next.length === files.length && next.every((file, at) => file === files[at])
      // What was seen before they were read still holds, and needs no comparison with a clock.
      if (known) return
      // In this order: what is written between the two is seen by the second.
      const now = await fingerprint(next)
      const changed = await changedSince(next, since)
      // At once: a look in between would take new files for changed ones.
      files = next
      seen = changed ? '' : now
    },
    close() {
      closed = true
      clearTimeout(timer)
    },
  }
}

async function fingerprint(files: readonly string[]): Promise<string> {
  const marks = await Promise.all(
    files.map(async (file) => {
      try {
        const { mtimeNs, size, ino } = await stat(file, { bigint: true })
        return `${mtimeNs} ${size} ${ino}`
      } catch (error) {
        return (error as NodeJS.ErrnoException).code ?? 'error'
      }
    }),
  )
  return marks.join('\n')
}

/** A file written while it was being read may have been read half. A time in the future says nothing. */
async function changedSince(files: readonly string[], since: number): Promise<boolean> {
  const times = await Promise.all(
    files.map((file) =>
      stat(file).then(
        ({ mtimeMs }) => mtimeMs,
        () => 0,
      ),
    ),
  )
  const now = Date.now()
  return times.some((time) => time >= since - GRAIN_MS && time < now + GRAIN_MS)
}
