import { readdirSync } from 'node:fs'
import { readdir } from 'node:fs/promises'
import path from 'node:path'
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
  let unfinished = 0
  await inSlices(await readdir(queue), (name) => {
    const sorted = sortNames([name])
    mail.push(...sorted.mail)
    unfinished += sorted.unfinished
    for (const other of sorted.other) left('is no queue file', other)
    if (name.startsWith(takenName('')) && name !== takenName(key) && readdirSync(path.join(queue, name)).length > 0) {
      left(OTHERS, name)
    }
  })
  const found: Source[] = [{ directory: queue, names: mail, unfinished }]
  const staging = path.join(queue, STAGING)
  const entries = await readdir(staging, { withFileTypes: true }).catch(() => [])
  for (const entry of entries) {
    if (!entry.isDirectory()) continue
    const directory = path.join(staging, entry.name)
    const inside = sortNames(await readdir(directory))
    for (const name of inside.other) left(HALF, path.join(STAGING, entry.name, name))
    found.push({ directory, names: inside.mail, unfinished: 0 })
  }
  return found
}
