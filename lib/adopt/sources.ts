import type { Dirent } from 'node:fs'
import { lstat, readdir } from 'node:fs/promises'
import path from 'node:path'
import { errorCode } from '../error.js'
import { inSlices } from '../queue/slices.js'
import { STAGING, takenName } from './marks.js'
import { sortNames } from './place.js'

/** A directory that mail is taken from. */
export interface Source {
  readonly directory: string
  readonly names: readonly string[]
  readonly unfinished: number
}

const OTHERS = 'is mail that another node was taking over when it died: it has it, and sends it when it starts'
const HALF = 'is a copy of mail that its node was taking over itself: take over the other queue too'

/** Where the mail of a queue lies: in it, and what its node had taken from others and not let into it. What is not taken is told to `left`. */
export async function sourcesOf(
  queue: string,
  key: string,
  left: (why: string, file: string) => void,
): Promise<Source[]> {
  const mail: string[] = []
  const taken: string[] = []
  let unfinished = 0
  await inSlices(await readdir(queue), (name) => {
    const sorted = sortNames([name])
    mail.push(...sorted.mail)
    unfinished += sorted.unfinished
    for (const other of sorted.other) left('is no queue file', other)
    if (name.startsWith(takenName('')) && name !== takenName(key)) taken.push(name)
  })
  for (const name of taken) if ((await entriesOf(queue, name, left)).length > 0) left(OTHERS, name)
  const found: Source[] = [{ directory: queue, names: mail, unfinished }]
  for (const entry of await entriesOf(queue, STAGING, left)) {
    if (!entry.isDirectory()) continue
    const stage = path.join(STAGING, entry.name)
    const inside = sortNames((await entriesOf(queue, stage, left)).map(({ name }) => name))
    for (const name of inside.other) left(HALF, path.join(stage, name))
    found.push({ directory: path.join(queue, stage), names: inside.mail, unfinished: 0 })
  }
  return found
}

/** What lies in a directory of the suite. One that cannot be looked into holds up nothing else, and is told: there may be mail in it. */
async function entriesOf(
  queue: string,
  name: string,
  left: (why: string, file: string) => void,
): Promise<readonly Dirent[]> {
  const directory = path.join(queue, name)
  try {
    if ((await lstat(directory)).isDirectory()) return await readdir(directory, { withFileTypes: true })
    left('is no directory', name)
  } catch (error) {
    const code = errorCode(error)
    if (code !== 'ENOENT') left(`cannot be looked into (${code ?? String(error)})`, name)
  }
  return []
}
