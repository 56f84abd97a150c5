import { readdir } from 'node:fs/promises'
import { readFileName } from '../queue/file-name.js'
import { inSlices } from '../queue/slices.js'
import { openStaging } from './staging.js'
import { staged } from './take.js'

/** Ids of the messages that lie in a queue directory, and of those that are on their way into it. Rejects where that cannot be told. */
export async function idsIn(queue: string): Promise<ReadonlySet<string>> {
  const ids = new Set<string>()
  const add = (file: string): void => {
    const name = readFileName(file)
    if (name !== undefined) ids.add(name.id)
  }
  await inSlices(await readdir(queue), add)
  for (const { stage } of openStaging(queue).all()) {
    const { names, copies } = await staged(stage)
    await inSlices([...names, ...copies], add)
  }
  return ids
}
