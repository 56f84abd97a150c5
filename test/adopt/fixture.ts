import { mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { createAdopter, type Adopter, type AdopterPorts } from '../../lib/adopt/adopt.js'
import { markText, NODE_FILE, ownMark, type ProcessMark } from '../../lib/adopt/marks.js'
import { sortNames } from '../../lib/adopt/place.js'
import { openStaging } from '../../lib/adopt/staging.js'
import { readFileName } from '../../lib/queue/file-name.js'

/* Two queue directories without a Haraka: what a worker would do with a file is a rename. */

/** A pid that no process has. */
export const NO_PID = 2 ** 22 + 7

export const DEAD: ProcessMark = {
  node: 'dead',
  owner: 'dead',
  prefix: 'dmail',
  host: 'elsewhere',
  pid: NO_PID,
  begun: '',
}

/** The name of a queue file, the same for the same number. */
export function mailName(number: number, unique = 'AbCdEf'): string {
  return `17955760760${String(number).padStart(2, '0')}_1795576083207_1_4711_${unique}_${number}_host.example`
}

/** A Haraka directory with so many messages in its queue, and its mark. Returns the queue. */
export function makeQueue(haraka: string, count: number, mark = DEAD): string {
  const queue = path.join(haraka, 'queue')
  for (const folder of ['config', 'queue']) mkdirSync(path.join(haraka, folder), { recursive: true })
  for (let n = 0; n < count; n++) writeFileSync(path.join(queue, mailName(n)), `mail ${n}`)
  writeFileSync(path.join(queue, NODE_FILE), markText({ ...mark, haraka: '..' }))
  return queue
}

/** What mail is in a queue, sorted. */
export function mailIn(queue: string): string[] {
  return sortNames(readdirSync(queue))
    .mail.map((name) => readFileSync(path.join(queue, name), 'utf8'))
    .sort()
}

/** An adopter whose cluster lists nobody. */
export function adopterOf(ownQueue: string, more: Partial<AdopterPorts> = {}): Adopter {
  const self = (): ProcessMark => ownMark({ node: 'heir', owner: 'heir', prefix: 'dmail' })
  return createAdopter({
    ownQueue,
    staging: openStaging(ownQueue),
    self,
    log: () => undefined,
    ready: () => Promise.resolve(),
    known: (ids) => {
      const own = new Set(readdirSync(ownQueue).map((name) => readFileName(name)?.id))
      return Promise.resolve(new Set(ids.filter((id) => own.has(id))))
    },
    enter: (stage, files) => {
      for (const { file } of files) renameSync(path.join(stage, file), path.join(ownQueue, file))
      return Promise.resolve()
    },
    inherit: () => Promise.resolve({ held: new Set<string>(), suspensions: 0 }),
    sight: () => Promise.resolve({ host: 'here', runs: false, roll: [], prefix: 'dmail', renewed: false }),
    ...more,
  })
}
