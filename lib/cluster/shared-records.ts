import { errorText } from '../error.js'
import { printable, type Log } from '../log.js'
import { newerIn } from './record.js'
import type { Store, Texts } from './store.js'
import type { LocalRecord } from './types.js'

/** The records of one node, and what it knows of those of the others. */
export interface SharedRecords {
  set(name: string, local: LocalRecord): void
  /**
   * Both ways: what counts more there is taken over, what counts more here is put there. `versions` are those of the store: records
   * that have not changed since they were seen are left out, without `versions` none is. Rejects while the store is away.
   */
  syncAll(versions?: ReadonlyMap<string, number>): Promise<void>
  /** What another node tells of a change: the change itself, or undefined where it has to be read. */
  told(name: string, texts: Texts | undefined): Promise<void>
}

/** What others decided cannot be put in force on this machine. */
class NotTaken extends Error {
  override readonly name = 'NotTaken'
}

function onlyNotTaken(error: unknown): void {
  if (!(error instanceof NotTaken)) throw error
}

export function shareRecords(initial: ReadonlyMap<string, LocalRecord>, store: Store, log: Log): SharedRecords {
  const records = new Map(initial)
  const seen = new Map<string, number>()
  let toldNotTaken = ''

  async function sync(name: string, local: LocalRecord): Promise<void> {
    const { version, texts } = await store.read(name)
    const isOld = ([, text]: readonly [string, string]): boolean => local.isOld(text)
    const old = new Map([...texts].filter(isOld))
    const there = new Map([...texts].filter(([key]) => !old.has(key)))
    const own = local.all()
    // What ended long ago ends still what is left of it here.
    await take(name, local, new Map([...texts].filter(([key]) => there.has(key) || own.has(key))))
    if (old.size > 0) await store.forget(name, old)
    // Old ones would be forgotten by one node and put there by the next for ever.
    const mine = new Map([...newerIn(local.all(), there)].filter((one) => !isOld(one)))
    if (mine.size > 0) await store.merge(name, mine)
    // What was put there has another version, and counts as seen when that is read.
    if (mine.size > 0) seen.delete(name)
    else seen.set(name, version)
  }

  async function take(name: string, local: LocalRecord, texts: Texts): Promise<void> {
    const news = newerIn(texts, local.all())
    if (news.size === 0) return
    try {
      await local.take(news)
      toldNotTaken = ''
    } catch (error) {
      seen.delete(name)
      const why = printable(errorText(error))
      if (why !== toldNotTaken) log('error', `cluster: what other nodes decided is not in force here: ${why}`)
      toldNotTaken = why
      throw new NotTaken(why, { cause: error })
    }
  }

  return {
    set(name, local) {
      records.set(name, local)
    },
    async syncAll(versions) {
      for (const [name, local] of records) {
        if (versions !== undefined && (versions.get(name) ?? 0) === seen.get(name)) continue
        // What is wrong on this machine must not keep it out: it is given the same again and again.
        await sync(name, local).catch(onlyNotTaken)
      }
    },
    async told(name, texts) {
      const local = records.get(name)
      if (local === undefined) return
      if (texts === undefined) await sync(name, local)
      else await take(name, local, texts)
    },
  }
}
