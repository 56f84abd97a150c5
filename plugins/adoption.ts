import { setTimeout as wait } from 'node:timers/promises'
import { createAdopter, type Adopter } from '../lib/adopt/adopt.js'
import { lifeOf } from '../lib/adopt/life.js'
import { readPlainText, type ProcessMark } from '../lib/adopt/marks.js'
import { isRenewed } from '../lib/adopt/renewal.js'
import type { Incoming } from '../lib/adopt/run.js'
import { openStaging } from '../lib/adopt/staging.js'
import { NOTHING_DECIDED, readOperatorState } from '../lib/queue/operator-state.js'
import { askAll } from './admin/questions.js'
import type { Operator } from './admin/operator.js'
import { ProcessGone } from './crew-questions.js'
import type { Crew } from './crew.js'
import { logTo } from './haraka/log.js'
import type { HarakaPlugin } from './haraka/types.js'
import { sightOf, whoIs } from './queue-mark.js'
import type { Shared } from './shared.js'

/** Somebody is asked again so often, after a second each: a worker that died is replaced, and a queue is read, in that time. */
const TRIES = 60
const AGAIN_MS = 1000

const NO_CLUSTER = { redis: false, node: '', prefix: '' }

type AskOne = Parameters<Parameters<Crew['onJoin']>[0]>[0]

/** Takes over queues of dead nodes, in the one process. */
export function createAdoption(
  plugin: HarakaPlugin,
  { crew, live, seat, harakaDir }: Pick<Shared, 'crew' | 'live' | 'seat' | 'harakaDir'>,
  directory: string,
  operator: Operator,
): Adopter {
  /** Processes with a queue that have begun; those that do not answer any more are left out. */
  const processes: AskOne[] = []
  crew.onJoin((ask) => processes.push(ask))
  const self = (): ProcessMark => whoIs(harakaDir, live.loaded()?.configuration.ini.cluster ?? NO_CLUSTER)

  async function enter(from: string, files: readonly Incoming[]): Promise<void> {
    for (let left = TRIES; ; left--) {
      const ask = processes.shift()
      try {
        if (!crew.isApart()) await askAll(crew, 'queue.enter', { from, files })
        else if (ask === undefined) throw new Error('no worker is there')
        else await ask('queue.enter', { from, files })
        // In turn.
        if (ask !== undefined) processes.push(ask)
        return
      } catch (error) {
        if (ask !== undefined && !(error instanceof ProcessGone)) processes.push(ask)
        if (left === 0) throw error
        await wait(AGAIN_MS, undefined, { ref: false })
      }
    }
  }

  /** `complete`: not before all that waits is known. What enters meanwhile is still being read. */
  async function known(ids: readonly string[], complete: boolean): Promise<ReadonlySet<string>> {
    for (let left = TRIES; ; left--) {
      const { answers, missing } = await askAll(crew, 'queue.known', { ids })
      const isRead = answers.length > 0 && answers.every((answer) => answer.complete)
      if (missing === 0 && (isRead || !complete)) return new Set(answers.flatMap((answer) => answer.ids))
      if (left === 0) throw new Error('what is in this queue is not known: a worker does not answer, or reads it still')
      await wait(AGAIN_MS, undefined, { ref: false })
    }
  }

  return createAdopter({
    ownQueue: directory,
    staging: openStaging(directory),
    log: logTo(plugin),
    self,
    async ready() {
      await known([], true)
    },
    known: (ids) => known(ids, false),
    enter,
    inherit: (haraka, ids) =>
      operator.inherit(haraka === undefined ? NOTHING_DECIDED : readOperatorState(haraka, readPlainText), ids),
    async sight(mark, file, watch) {
      const own = self()
      const sight = await sightOf(mark, seat, own)
      // On this machine its process is seen, or not.
      if (!watch || mark.host === own.host || lifeOf(mark, sight).state === 'alive') return sight
      return { ...sight, renewed: await isRenewed(file) }
    },
  })
}
