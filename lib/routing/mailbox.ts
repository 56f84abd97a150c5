import path from 'node:path'
import { errorText } from '../error.js'
import { foldLocal } from '../address.js'
import { isDropName } from '../delivery/drop-path.js'
import { validName } from '../directory/protocol.js'
import type { UserRecord } from '../directory/types.js'
import { directoryName, dropFileName, type LocalDomain } from './domains.js'
import { isBelow } from './forward-file.js'
import { limitOf } from './quota.js'
import { leaveOut, Unavailable, type Here, type Run } from './run.js'
import type { Destination } from './types.js'

/** A user that a look-up found: the name asked for, and the answer. */
export interface FoundUser {
  readonly local: string
  readonly asked: string
  readonly record: UserRecord
}

/** Does the user exist? Names that no user may have are not asked for (U2, U8). A failed look-up ends the run (U1). */
export async function lookUp(
  run: Run,
  here: Here,
  domain: LocalDomain,
  local: string,
): Promise<FoundUser | 'unknown' | 'bad'> {
  if (!validName(local) || !isDropName(local)) {
    if (here.step !== undefined) leaveOut(run, here.step, here.address.text, 'no user may have such a name')
    return 'bad'
  }
  const asked = directoryName(foldLocal(local), domain, run.tables.naming)
  const result = await run.world.lookup(asked)
  if (result.kind === 'unavailable') throw new Unavailable(`look-up of ${asked}: ${result.detail}`)
  return result.kind === 'found' ? { local, asked, record: result.user } : 'unknown'
}

/** The user's drop file: the path in the reply (U5), else by the rules of dmail.conf (semantics 7). */
export async function mailboxFor(
  run: Run,
  domain: LocalDomain,
  { asked, record }: FoundUser,
): Promise<Extract<Destination, { kind: 'mailbox' }>> {
  const limit = limitOf(record.fields, run.tables.dropMax)
  const more = {
    ...(record.owner === undefined ? {} : { owner: record.owner }),
    ...(limit === undefined ? {} : { limit }),
  }
  if (record.dropFile !== undefined) {
    const root = rootOf(record.dropFile, run.tables.dropRoots)
    return { kind: 'mailbox', user: record.name, path: record.dropFile, root, ...more }
  }
  const name = dropFileName(asked, record.name, domain, run.tables.naming)
  if (!isDropName(name)) throw new Unavailable(`"${name}", the name of user ${asked}, cannot be a drop file's`)
  const file = await dropFile(run, domain, name)
  return { kind: 'mailbox', user: record.name, path: file, root: domain.dropPath, ...more }
}

/** The drop file of that name. A tree that cannot be searched defers the recipient, as a failed look-up does. */
export async function dropFile(run: Run, { dropPath }: LocalDomain, name: string): Promise<string> {
  try {
    return await run.world.dropFile(dropPath, name)
  } catch (error) {
    throw new Unavailable(`drop file "${name}" below ${dropPath}: ${errorText(error)}`)
  }
}

function rootOf(file: string, roots: readonly string[]): string {
  const holding = roots.filter((root) => isBelow(file, [root])).sort((a, b) => b.length - a.length)
  return holding[0] ?? path.dirname(file)
}
