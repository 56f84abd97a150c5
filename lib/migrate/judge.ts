import path from 'node:path'
import { findProgram } from '../process/find.js'
import { routeReport } from '../routing/report.js'
import { route } from '../routing/route.js'
import type { Route } from '../routing/types.js'
import type { Snapshot } from '../suite/snapshot-types.js'
import { isThere } from './find-prefixes.js'
import type { DropFiles, Person } from './people.js'
import type { Elsewhere, Routed } from './types.js'

/** How many addresses are asked for at once. */
const AT_ONCE = 32

/** Routes addresses as from a client that may relay, in order; `settle` is applied to every path. */
export async function routeAll<T extends { readonly address: string }>(
  { tables, world }: Snapshot,
  asked: readonly T[],
  use: (one: T, decided: Route) => Promise<void> | void,
): Promise<void> {
  const client = { ip: undefined, sender: undefined, trusted: true }
  for (let at = 0; at < asked.length; at += AT_ONCE) {
    const some = asked.slice(at, at + AT_ONCE)
    const decided = await Promise.all(some.map(({ address }) => route(tables, world, address, client)))
    for (const [index, one] of some.entries()) {
      const answer = decided[index]
      if (answer !== undefined) await use(one, answer)
    }
  }
}

export function routedOf(address: string, decided: Route): Routed {
  const { accepted, reply, destinations } = routeReport(address, decided)
  return { address, accepted, code: reply.code, text: `${reply.enhanced} ${reply.text}`, destinations }
}

export interface Judging {
  readonly snapshot: Snapshot
  readonly drops: DropFiles
  /** DMail placed drop files by a hash that is not known. */
  readonly hashed: boolean
}

/**
 * Whose mail goes elsewhere than with DMail, as far as the files tell: what the trace says was left out, robots that cannot run here,
 * drop files that begin at another place, and those that lie in two.
 */
export function createJudge({ snapshot, drops, hashed }: Judging): {
  look(person: Person, decided: Route): Promise<void>
  found(): readonly Elsewhere[]
} {
  const found: Elsewhere[] = []
  const told = new Set<string>()
  const tell = (key: string, address: string, why: string, at: string | undefined, decided: Route): void => {
    if (told.has(key)) return
    told.add(key)
    found.push({ address, why, at: at ?? null, destinations: routeReport(address, decided).destinations })
  }
  const programs = new Map<string, string | undefined>()
  const missingProgram = async (name: string): Promise<string | undefined> => {
    if (!programs.has(name)) {
      const program = await findProgram(name, snapshot.delivery.robot.path)
      programs.set(name, 'missing' in program ? program.missing : undefined)
    }
    return programs.get(name)
  }

  async function lookAtMailbox(file: string, root: string, address: string, decided: Route): Promise<void> {
    const places = drops.get(root)?.get(path.basename(file)) ?? []
    if (places.length > 1) {
      const why = `there are ${places.length} drop files of that name: ${places.join(', ')}; the first is used`
      tell(`places ${file}`, address, why, undefined, decided)
    } else if (hashed && places.length === 0 && !(await isThere(file))) {
      const why = `there is no drop file yet, and where DMail would have put it is not known: it will be ${file}`
      tell(`new ${file}`, address, why, undefined, decided)
    }
  }

  return {
    look: async ({ address, origin }, decided) => {
      for (const { step, input, rule, at } of decided.trace) {
        if (step !== 'left-out') continue
        // The rest of the way is the same for all who come by it.
        tell(`left out ${input} ${rule} ${at ?? ''}`, address, `${input} is left out: ${rule}`, at, decided)
      }
      if (!decided.accepted) {
        const refused = decided.detail === undefined ? decided.reply.text : `${decided.reply.text} (${decided.detail})`
        // What was left out says more, and who has a drop file only had no mail before either.
        const isTold = decided.trace.some(({ step }) => step === 'left-out')
        if (origin !== 'drop file' && !isTold)
          tell(`refused ${address}`, address, `refused: ${refused}`, undefined, decided)
        return
      }
      for (const { destination, step } of decided.destinations) {
        if (destination.kind === 'mailbox') await lookAtMailbox(destination.path, destination.root, address, decided)
        if (destination.kind !== 'robot') continue
        const [program] = destination.argv
        const missing = await missingProgram(program)
        if (missing === undefined) continue
        tell(`robot ${program} ${step?.at ?? ''}`, address, `the robot cannot run here: ${missing}`, step?.at, decided)
      }
    },
    found: () => found,
  }
}
