import { existsSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { open } from 'node:fs/promises'
import { hostname } from 'node:os'
import path from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { lifeOf, type Life, type Sight } from '../lib/adopt/life.js'
import {
  ADOPTION_FILE,
  markText,
  NODE_FILE,
  ownMark,
  readAdoptionMark,
  takenName,
  type AdoptionMark,
  type ProcessMark,
} from '../lib/adopt/marks.js'
import { isRenewed, keepRenewed, WATCH_MS } from '../lib/adopt/renewal.js'
import type { DmailIni } from '../lib/conf/ini-keys.js'
import { directorySynced, syncDirectory, unfinishedName } from '../lib/durable.js'
import { errorText } from '../lib/error.js'
import { isSameProcess } from '../lib/process/exists.js'
import { nodeName, ownerOf, type Seat } from './cluster.js'
import type { HarakaQueueModule } from './haraka/outbound-types.js'
import type { Logging } from './haraka/types.js'

/** Haraka goes on after 30 s, whatever a hook waits for; the cluster has had 3 of these. */
const PATIENCE: Patience = { waitMs: 20_000, lookMs: 500, watchMs: WATCH_MS }

/** How long, and how often it is looked, whether another is done with the queue; for how long its mark is watched before it counts as dead. */
export interface Patience {
  readonly waitMs: number
  readonly lookMs: number
  readonly watchMs: number
}

export interface QueueMark {
  /** Why this Haraka may not have its queue now; undefined: it has it. */
  readonly refused: string | undefined
  close(): void
}

/** This Haraka as it marks queues. */
export function whoIs(
  harakaDir: string,
  { redis, node, prefix }: Pick<DmailIni['cluster'], 'redis' | 'node' | 'prefix'>,
): ProcessMark {
  const place = redis ? { node: nodeName(node), prefix } : { node: '', prefix: '' }
  return ownMark({ ...place, owner: ownerOf(harakaDir) })
}

/** What can be seen of a process that marked something; not whether the mark is renewed. */
export async function sightOf(mark: ProcessMark, seat: Seat, own: ProcessMark): Promise<Sight> {
  const cluster = seat.cluster()
  const away = own.node === '' ? 'none' : 'away'
  return {
    host: hostname(),
    runs: isSameProcess(mark.pid, mark.begun),
    roll: cluster === undefined ? away : await cluster.roll().catch(() => 'away' as const),
    prefix: own.prefix,
    renewed: false,
  }
}

/**
 * Marks the queue as this Haraka's, in the one process and before the queue is read; `seat` has been taken. While another takes it over
 * that is waited for. Whoever takes over looks for this mark after it has set its own, so that one sees the other in any case.
 */
export async function markQueue(
  queue: Pick<HarakaQueueModule, 'queue_dir' | 'ensure_queue_dir'>,
  harakaDir: string,
  own: ProcessMark,
  seat: Seat,
  log: Logging,
  patience = PATIENCE,
): Promise<QueueMark> {
  const directory = queue.queue_dir
  const file = path.join(directory, NODE_FILE)
  try {
    if (!existsSync(directory)) await queue.ensure_queue_dir()
    putInPlace(file, markText({ ...own, haraka: path.relative(directory, harakaDir) }))
  } catch (error) {
    log.logerror(`dmail: ${file} cannot be written: this Haraka is not known to have this queue: ${errorText(error)}`)
  }
  const refused = await whenFree(directory, own, seat, log, patience)
  return { refused, close: keepRenewed(file) }
}

/** As replaceFile, but that the disk is not waited for: a Haraka of one process takes mail already. */
function putInPlace(file: string, content: string): void {
  const unfinished = unfinishedName(file)
  rmSync(unfinished, { force: true })
  writeFileSync(unfinished, content, { flag: 'wx', mode: 0o644 })
  renameSync(unfinished, file)
  syncedLater(file).catch(() => undefined)
}

async function syncedLater(file: string): Promise<void> {
  const handle = await open(file, 'r')
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
  await directorySynced(path.dirname(file))
}

/** Waits while another takes over this queue. Resolves to why it may not be used. */
async function whenFree(
  directory: string,
  own: ProcessMark,
  seat: Seat,
  log: Logging,
  { waitMs, lookMs, watchMs }: Patience,
): Promise<string | undefined> {
  const file = path.join(directory, ADOPTION_FILE)
  let told = false
  let why = ''
  let renewed = false

  async function look(mark: AdoptionMark, leftMs: number): Promise<Life> {
    const sight = await sightOf(mark, seat, own)
    const life = lifeOf(mark, { ...sight, renewed })
    // It may be cut off from Redis, and at work all the same.
    if (life.state !== 'dead' || mark.host === sight.host) return life
    if (leftMs < watchMs) return { state: 'unknown', why: `it is too late to see whether it lives: ${life.why}` }
    renewed = await isRenewed(file, watchMs)
    return lifeOf(mark, { ...sight, renewed })
  }

  for (const endMs = Date.now() + waitMs; Date.now() < endMs;) {
    let mark: AdoptionMark | undefined
    let life: Life
    try {
      mark = readAdoptionMark(file)
      if (mark === undefined) return undefined
      life = await look(mark, endMs - Date.now())
    } catch (error) {
      return `${errorText(error)}: remove it when no other Haraka takes over this queue`
    }
    if (life.state === 'dead' && existsSync(file)) {
      takeBack(directory, mark, log)
      return undefined
    }
    why =
      life.state === 'alive'
        ? `${life.why}. Start this Haraka when that is done; if it does not end, give "dmail queue adopt ${directory}" there again`
        : `${life.why}. Remove ${file} and start again if you are sure that it does not`
    if (!told) log.logerror(`dmail: this queue is being taken over by another Haraka: ${why}`)
    told = true
    await wait(lookMs)
  }
  return `its queue is being taken over by another Haraka: ${why}`
}

/** Whoever was taking it over has died: what is here is sent from here. */
function takeBack(directory: string, mark: AdoptionMark, log: Logging): void {
  rmSync(path.join(directory, ADOPTION_FILE), { force: true })
  syncDirectory(directory)
  const who = mark.node === '' ? `a Haraka on ${mark.host}` : `node ${mark.node}`
  log.logerror(
    `dmail: ${who} died while it took over this queue: what it had not taken is sent from here. What it had is sent ` +
      `when it starts again; copies of that may lie in ${path.join(directory, takenName(mark.key))}`,
  )
}
