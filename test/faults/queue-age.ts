import { readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import type { Haraka } from '../support/haraka.js'

/**
 * Makes every message in the queue of a stopped Haraka older. A queue file is a big-endian 32-bit length, a JSON envelope of
 * that length with the time of arrival in it, and the message (Haraka's outbound/index.js, build_todo).
 */
export function ageQueue(haraka: Haraka, byMs: number): void {
  for (const name of haraka.queueFiles()) {
    const file = path.join(haraka.dir, 'queue', name)
    const bytes = readFileSync(file)
    const end = 4 + bytes.readUInt32BE(0)
    const envelope = bytes
      .toString('utf8', 4, end)
      .replace(/("queue_time": ?)(\d+)/, (_whole, key: string, time: string) => `${key}${Number(time) - byMs}`)
    const written = Buffer.from(envelope)
    const length = Buffer.alloc(4)
    length.writeUInt32BE(written.length)
    writeFileSync(file, Buffer.concat([length, written, bytes.subarray(end)]))
  }
}
