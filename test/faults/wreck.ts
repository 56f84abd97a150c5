import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import path from 'node:path'
import { readAppend } from '../../lib/delivery/lock-holder.js'
import { PLACES, type KillSite } from './kill-site.js'
import { queueTexts } from './site.js'

/** What a crash left behind, looked at before anybody repairs it. */
export interface Wreck {
  /** Message-IDs that were in the queue: their work may have been done already, or be done twice. */
  readonly queued: ReadonlySet<string>
  /** Drop files by place. */
  readonly content: ReadonlyMap<string, Buffer>
  /** Places whose lock was left behind. */
  readonly locked: readonly string[]
  /** Places whose lock was left so early that it says nothing of its holder. */
  readonly mute: readonly string[]
  /** By place: from which byte on a drop file is torn. */
  readonly torn: ReadonlyMap<string, number>
}

export function lookAtWreck({ site, haraka }: KillSite): Wreck {
  const content = new Map<string, Buffer>()
  const torn = new Map<string, number>()
  const locked: string[] = []
  const mute: string[] = []
  for (const place of PLACES) {
    const file = site.path(place)
    const bytes = existsSync(file) ? readFileSync(file) : Buffer.alloc(0)
    content.set(place, bytes)
    if (!existsSync(`${file}.lock`)) continue
    locked.push(place)
    const lock = readFileSync(`${file}.lock`, 'utf8')
    if (lock === '') mute.push(place)
    const announced = readAppend(lock)
    // `to` is unknown until a message that comes from a file is written.
    const isTorn =
      announced !== undefined &&
      bytes.length > announced.from &&
      (announced.to === undefined || bytes.length < announced.to)
    if (isTorn) torn.set(place, announced.from)
  }
  const ids = queueTexts(haraka).map((text) => /^Message-ID: (.*)\r$/im.exec(text)?.[1] ?? '')
  return { queued: new Set(ids), content, locked, mute, torn }
}

/** Whether part of a message whose end is not known yet is in a drop file now. */
export function isBeingWritten(file: string): boolean {
  try {
    const announced = readAppend(readFileSync(`${file}.lock`, 'utf8'))
    return announced !== undefined && announced.to === undefined && statSync(file).size > announced.from
  } catch {
    // The lock or the file is not there (any more).
    return false
  }
}

/** What was moved aside from a place so far, in the order of time. */
export function movedAside({ site }: KillSite, place: string): Buffer[] {
  const dir = path.dirname(site.path(place))
  const begin = `.torn-${path.basename(place)}-`
  return readdirSync(dir)
    .filter((name) => name.startsWith(begin))
    .sort()
    .map((name) => readFileSync(path.join(dir, name)))
}
