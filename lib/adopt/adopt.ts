import { existsSync, rmSync } from 'node:fs'
import { directorySynced, replaceFile } from '../durable.js'
import path from 'node:path'
import { errorText } from '../error.js'
import { Refusal } from '../control/handlers.js'
import type { Log } from '../log.js'
import { mayAdopt } from './judge.js'
import { lifeOf, type Life, type Sight } from './life.js'
import { ADOPTION_FILE, markText, NODE_FILE, readAdoptionMark, type AdoptionMark, type ProcessMark } from './marks.js'
import { findPlace, NoPlace, type Place } from './place.js'
import { keepRenewed } from './renewal.js'
import { isMarked, runAdoption, settleAdoption, type RunPorts } from './run.js'
import type { Adopted } from './shown.js'
import type { Begun } from './staging.js'

export interface AdopterPorts extends RunPorts {
  readonly ownQueue: string
  /** This process, as it marks what it takes over. */
  self(): ProcessMark
  /** What can be seen of a process; `file` is its mark. With `watch` it may take some seconds. */
  sight(mark: ProcessMark, file: string, watch: boolean): Promise<Sight>
  readonly log: Log
}

type Progress = (done: number, total: number) => void

/** Takes over queues of dead nodes. In the one process, one at a time. */
export interface Adopter {
  /** Rejects with a Refusal where it may not be. */
  adopt(named: string, force: boolean, progress: Progress): Promise<Adopted>
  /** Goes on with what a process before this one had begun. Never rejects. */
  resume(): Promise<void>
}

export function createAdopter(ports: AdopterPorts): Adopter {
  const { ownQueue, staging, log } = ports
  let busy: Promise<unknown> | undefined

  async function alone<T>(act: () => Promise<T>): Promise<T> {
    if (busy !== undefined) {
      throw new Refusal('a queue is being taken over already', 'wait until that is done: the log says so')
    }
    const work = act()
    busy = work
    try {
      return await work
    } finally {
      busy = undefined
    }
  }

  async function lifeIn(mark: ProcessMark, file: string, watch: boolean): Promise<Life> {
    return lifeOf(mark, await ports.sight(mark, file, watch))
  }

  /** Throws a Refusal where it may not be taken over. Of an adoption of our own the mark is returned. */
  async function judge(place: Place, force: boolean, watch: boolean, key?: string): Promise<AdoptionMark | undefined> {
    const { queue, mark, haraka } = place
    const found = adoptionIn(queue)
    const own = found.mark?.owner === ports.self().owner ? found.mark : undefined
    const marked = path.join(queue, ADOPTION_FILE)
    let adopter = found.fault
    if (found.mark !== undefined && own === undefined && found.mark.key !== key) {
      adopter = await lifeIn(found.mark, marked, watch)
    }
    const owner = mark === undefined ? undefined : await lifeIn(mark, path.join(queue, NODE_FILE), watch)
    const verdict = mayAdopt({ owner, adopter, hasRecord: haraka !== undefined, force })
    if (!verdict.ok) throw new Refusal(verdict.message, verdict.hint)
    return own
  }

  function mark({ from, key }: Begun): void {
    const content = markText({ ...ports.self(), key })
    replaceFile(path.join(from, ADOPTION_FILE), content, { mode: 0o644 })
  }

  async function begin(place: Place, before: AdoptionMark | undefined): Promise<Begun> {
    // What goes on after a crash is found by the record, so it comes first.
    const same = staging.all().find(({ from }) => from === place.queue)
    const begun = staging.begin(place.queue, before?.key ?? same?.key)
    try {
      mark(begun)
    } catch (error) {
      staging.end(begun)
      const hint = 'the account that Haraka runs as must be able to write there'
      throw new Refusal(`nothing was taken over, ${place.queue} cannot be written: ${errorText(error)}`, hint)
    }
    ports.step?.('marked')
    try {
      // A node that started just now has seen the mark, or is seen here.
      const again = await find(place.queue)
      await judge(again, true, false, begun.key)
    } catch (error) {
      await unmark(begun)
      staging.end(begun)
      throw error
    }
    return begun
  }

  async function unmark(begun: Begun): Promise<void> {
    if (isMarked(begun)) rmSync(path.join(begun.from, ADOPTION_FILE), { force: true })
    await directorySynced(begun.from).catch(() => undefined)
  }

  async function find(named: string): Promise<Place> {
    try {
      return await findPlace(named, ownQueue)
    } catch (error) {
      if (error instanceof NoPlace) throw new Refusal(error.message, error.hint)
      throw error
    }
  }

  async function goOn(begun: Begun): Promise<void> {
    const { from, key, stage } = begun
    // Another that took over this queue meanwhile may have removed it, with nothing in it.
    if (!existsSync(stage)) staging.begin(from, key)
    if (!isMarked(begun)) {
      await settle(begun)
      return
    }
    mark(begun)
    const place = await find(from)
    try {
      // Its node may have started before it could see this mark, and takes the queue back.
      await judge(place, true, false, key)
    } catch (error) {
      if (!(error instanceof Refusal)) throw error
      log('error', `adoption of ${from} does not go on: ${error.message}`)
      await unmark(begun)
      await settle(begun)
      return
    }
    tell(await carryOut(place, begun, () => undefined), 'is gone on with')
  }

  /** The mark is renewed meanwhile: its node, when it starts, may reach Redis where this one cannot. */
  async function carryOut(place: Place, begun: Begun, progress: Progress): Promise<Adopted> {
    const close = keepRenewed(path.join(begun.from, ADOPTION_FILE))
    try {
      return await runAdoption(place, begun, ports, progress)
    } finally {
      close()
    }
  }

  async function settle(begun: Begun): Promise<void> {
    const { entered, open } = await settleAdoption(begun, ports)
    if (entered > 0) log('info', `adoption of ${begun.from}: ${entered} messages that were on their way are here`)
    if (open > 0) {
      log(
        'error',
        `adoption of ${begun.from}: ${open} messages are not sent, that directory is not there: when it is, ` +
          'restart Haraka or give "dmail queue adopt" again',
      )
    }
  }

  function tell({ directory, adopted, held, stopped, left }: Adopted, what: string): void {
    const rest = left.reduce((sum, { count }) => sum + count, 0)
    const text = `adoption of ${directory} ${what}: ${adopted} messages (${held} held), ${rest} files left there`
    log(stopped === '' ? 'info' : 'error', stopped === '' ? text : `${text}; it did not come to its end: ${stopped}`)
  }

  return {
    adopt: (named, force, progress) =>
      alone(async () => {
        const place = await find(named)
        const begun = await begin(place, await judge(place, force, true))
        const result = await carryOut(place, begun, progress)
        tell(result, 'is done')
        return result
      }),
    async resume() {
      // An operator may have been faster.
      while (busy !== undefined) await busy.catch(() => undefined)
      try {
        await alone(async () => {
          for (const begun of staging.all()) {
            await goOn(begun).catch((error: unknown) => {
              log('error', `adoption of ${begun.from} does not go on: ${errorText(error)}`)
            })
          }
        })
      } catch (error) {
        log('error', `adoptions that were begun do not go on: ${errorText(error)}`)
      }
    },
  }
}

/** Who has begun to take over a queue; a mark that cannot be understood is somebody's. */
function adoptionIn(queue: string): { readonly mark?: AdoptionMark; readonly fault?: Life } {
  try {
    const mark = readAdoptionMark(path.join(queue, ADOPTION_FILE))
    return mark === undefined ? {} : { mark }
  } catch (error) {
    return { fault: { state: 'unknown', why: errorText(error) } }
  }
}
