import type { Snapshot } from '../suite/snapshot-types.js'
import type { Loaded } from '../suite/loaded.js'
import { routeAll, routedOf } from './judge.js'
import { findDropFiles, peopleOf } from './people.js'
import type { Routed } from './types.js'

/** A configuration that can be asked. */
export interface Asked {
  readonly snapshot: Snapshot | undefined
  readonly loaded: Loaded
  /** Where it was loaded from; `settle` makes of its paths those it is meant for. */
  readonly stage: { readonly dir: string; settle(text: string): string }
}

export type Addresses = readonly { readonly address: string }[]

/** Every address the site names. */
export async function allAddresses({ snapshot, loaded, stage }: Asked): Promise<Addresses> {
  if (snapshot === undefined) return []
  return peopleOf(loaded, snapshot.tables, await findDropFiles(snapshot.tables), stage.dir)
}

/** Routes addresses, those that were asked for or all the site names. */
export async function verifyAll(asked: Asked, addresses: Addresses | undefined): Promise<Routed[]> {
  const { snapshot, stage } = asked
  if (snapshot === undefined) return []
  const rows: Routed[] = []
  await routeAll(snapshot, addresses ?? (await allAddresses(asked)), ({ address }, decided) => {
    rows.push(routedOf(address, decided))
  })
  return JSON.parse(stage.settle(JSON.stringify(rows))) as Routed[]
}
