import { mkdirSync, rmSync } from 'node:fs'
import path from 'node:path'
import { directorySynced, syncDirectory } from '../durable.js'
import { errorCode, errorText } from '../error.js'
import { readFileName } from '../queue/file-name.js'
import { inSlices } from '../queue/slices.js'
import { ADOPTION_FILE, readAdoptionMark, STAGING, takenName } from './marks.js'
import type { Place } from './place.js'
import { readReasons } from './reasons.js'
import { createLeft, type Adopted } from './shown.js'
import { sourcesOf } from './sources.js'
import { emptied, type Begun, type Staging } from './staging.js'
import { finishCopies, staged, takeBatch, type Ways } from './take.js'

/** A message on its way into the own queue, with why it failed last; '' where that is not known. */
export interface Incoming {
  readonly file: string
  readonly reason: string
}

/** What a queue that takes over another has done for it. */
export interface RunPorts {
  readonly staging: Staging
  /** Resolves when the own queue is known. */
  ready(): Promise<void>
  /** Which of these messages are in the own queue. */
  known(ids: readonly string[]): Promise<ReadonlySet<string>>
  /** Moves files from a staging directory into the queue of some process, which waits for their time. Rejects where nobody can. */
  enter(stage: string, files: readonly Incoming[]): Promise<void>
  /** Puts in force here what operators decided there, durably; which of these messages are held then, and how many suspensions are new. */
  inherit(haraka: string | undefined, ids: ReadonlySet<string>): Promise<Inherited>
  readonly step?: (name: string) => void
}

export interface Inherited {
  readonly held: ReadonlySet<string>
  readonly suspensions: number
}

/** Files moved before anybody is told. */
const BATCH = 256

/**
 * Takes over all mail of a queue that is marked for it. Never rejects: what it did until it was stopped is told. Afterwards, stopped
 * or not, everything is either in the own queue, or on its way there and will enter with the next start, or where it was.
 */
export async function runAdoption(
  place: Place,
  begun: Begun,
  ports: RunPorts,
  progress: (done: number, total: number) => void,
): Promise<Adopted> {
  const left = createLeft()
  const ways = waysOf(begun, ports)
  let [adopted, heldCount, suspensions, unfinished] = [0, 0, 0, 0]
  let reasons: ReadonlyMap<string, string> = new Map()
  let held: ReadonlySet<string> = new Set()

  async function enterStaged(): Promise<void> {
    const { names } = await staged(begun.stage)
    await enterAll(begun.stage, names, reasons, ports, (some) => {
      adopted += some.length
      heldCount += some.filter((file) => held.has(idOf(file))).length
    })
  }

  /** A batch that was stopped in the middle is taken to its end where that can be. */
  async function stop(error: unknown): Promise<string> {
    try {
      await finishCopies(ways)
      await enterStaged()
    } catch {
      // With the next start, or the next command.
    }
    return errorText(error)
  }

  let stopped = ''
  try {
    await ports.ready()
    makeTaken(ways)
    await finishCopies(ways)
    const sources = await sourcesOf(place.queue, begun.key, left.add)
    // What is listed while the mark is ours was there before its node could start again.
    if (!isMarked(begun)) throw new TakenBack(place.queue)
    const all = sources.flatMap(({ names }) => names)
    const waiting = new Set((await staged(begun.stage)).names.map(idOf))
    await inSlices(all, (name) => waiting.add(idOf(name)))
    unfinished = sources.reduce((sum, source) => sum + source.unfinished, 0)
    ;({ held, suspensions } = await ports.inherit(place.haraka, waiting))
    if (place.haraka !== undefined) reasons = await readReasons(place.haraka, waiting)
    await enterStaged()
    let done = adopted
    const total = done + all.length
    for (const { directory, names } of sources) {
      for (let at = 0; at < names.length; at += BATCH) {
        if (!isMarked(begun)) throw new TakenBack(place.queue)
        const some = names.slice(at, at + BATCH)
        const known = await ports.known(some.map(idOf))
        for (const name of some) if (known.has(idOf(name))) left.add('is in this queue already', name)
        const mine = some.filter((name) => !known.has(idOf(name)))
        await takeBatch({ ...ways, from: directory }, { names: mine, left: left.add })
        await enterStaged()
        done += some.length
        progress(done, total)
      }
      if (directory !== place.queue) emptied(directory)
    }
  } catch (error) {
    stopped = await stop(error)
  }
  await endAdoption(begun, ports)
  const node = place.mark === undefined ? '' : place.mark.node || place.mark.host
  const result = { directory: place.queue, node, adopted, held: heldCount, suspensions }
  return { ...result, left: left.all(), unfinished, stopped }
}

/** Has files of the staging directory enter the own queue; `entered` is told of those that have. */
async function enterAll(
  stage: string,
  names: readonly string[],
  reasons: ReadonlyMap<string, string>,
  ports: RunPorts,
  entered: (names: readonly string[]) => void = () => undefined,
): Promise<void> {
  for (let at = 0; at < names.length; at += BATCH) {
    const some = names.slice(at, at + BATCH)
    await ports.enter(
      stage,
      some.map((file) => ({ file, reason: reasons.get(idOf(file)) ?? '' })),
    )
    entered(some)
  }
}

class TakenBack extends Error {
  override readonly name = 'TakenBack'

  constructor(queue: string) {
    super(`${queue} is not ours any more: its node has started again, or another takes it over`)
  }
}

/**
 * Brings an adoption that cannot go on, since the directory is not ours any more or not there, as far to its end as can be. Resolves
 * to how many messages entered the queue, and how many copies are left of which nobody can tell whose they are.
 */
export async function settleAdoption(begun: Begun, ports: RunPorts): Promise<{ entered: number; open: number }> {
  const ways = waysOf(begun, ports)
  try {
    await finishCopies(ways)
  } catch (error) {
    if (errorCode(error) !== 'ENOENT') throw error
  }
  const { names, copies } = await staged(begun.stage)
  if (names.length > 0) {
    await ports.ready()
    await ports.inherit(undefined, new Set(names.map(idOf)))
    await enterAll(begun.stage, names, new Map(), ports)
  }
  await endAdoption(begun, ports)
  return { entered: names.length, open: copies.length }
}

/** Whether the directory says that it is this adoption that takes it over. */
export function isMarked({ from, key }: Begun): boolean {
  try {
    return readAdoptionMark(path.join(from, ADOPTION_FILE))?.key === key
  } catch {
    return false
  }
}

/** Takes the marks away, as far as nothing depends on them. */
async function endAdoption(begun: Begun, { staging, step = () => undefined }: RunPorts): Promise<void> {
  const { from, stage, key } = begun
  try {
    if ((await staged(stage)).copies.length > 0) return
    const taken = path.join(from, takenName(key))
    // Of all that is in there, the copies are complete, and have entered.
    rmSync(taken, { recursive: true, force: true })
    step('cleared')
    emptied(path.join(from, STAGING))
    if (isMarked(begun)) rmSync(path.join(from, ADOPTION_FILE), { force: true })
    await directorySynced(from)
  } catch (error) {
    // The directory is not there any more; without it there is nothing to be taken away.
    if (errorCode(error) !== 'ENOENT') return
  }
  step('unmarked')
  staging.end(begun)
}

function waysOf({ from, stage, key }: Begun, { staging, step }: RunPorts): Ways {
  const ways = { from, stage, taken: path.join(from, takenName(key)), account: staging.account() }
  return step === undefined ? ways : { ...ways, step }
}

function makeTaken({ from, taken }: Ways): void {
  try {
    mkdirSync(taken, 0o700)
  } catch (error) {
    if (errorCode(error) !== 'EEXIST') throw error
  }
  syncDirectory(from)
}

function idOf(file: string): string {
  return readFileName(file)?.id ?? file
}
