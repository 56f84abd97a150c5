import { existsSync, readFileSync, readdirSync, statSync } from 'node:fs'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

/** Copies of each message found in files, by Message-ID prefix. */
export interface Arrivals {
  readonly copies: number
  readonly messages: number
  /** Messages with more or fewer copies than they should have. */
  readonly wrong: number
}

/** Counts what arrived in a directory, its sub-directories included. */
export function countArrivals(directory: string, prefix: string, copiesEach: number): Arrivals {
  const counts = new Map<string, number>()
  let copies = 0
  for (const file of filesBelow(directory)) {
    const text = readFileSync(file, 'latin1')
    const marker = `\nMessage-ID: <${prefix}.`
    for (let at = text.indexOf(marker); at >= 0; at = text.indexOf(marker, at + 1)) {
      const id = text.slice(at + 1, text.indexOf('\n', at + 1))
      counts.set(id, (counts.get(id) ?? 0) + 1)
      copies++
    }
  }
  const wrong = [...counts.values()].filter((count) => count !== copiesEach).length
  return { copies, messages: counts.size, wrong }
}

/**
 * Waits until `leastBytes` are there and nothing more comes for 0.3 s, or nothing has changed for 20 s. Resolves to the
 * moment of the last change, so that what this waits longer does not count.
 */
export async function waitForArrivals(directory: string, leastBytes: number): Promise<bigint> {
  let size = -1
  let changed = process.hrtime.bigint()
  for (;;) {
    const now = filesBelow(directory).reduce((sum, file) => sum + sizeOf(file), 0)
    const time = process.hrtime.bigint()
    if (now !== size) {
      size = now
      changed = time
    }
    const quiet = Number(time - changed) / 1e9
    if (quiet > 20 || (size >= leastBytes && quiet > 0.3)) return changed
    await sleep(5)
  }
}

function sizeOf(file: string): number {
  return statSync(file, { throwIfNoEntry: false })?.size ?? 0
}

function filesBelow(directory: string): string[] {
  if (!existsSync(directory)) return []
  return readdirSync(directory, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile() && !entry.name.startsWith('.') && !/\.(?:lock|fwd)$/.test(entry.name))
    .map((entry) => path.join(entry.parentPath, entry.name))
}
