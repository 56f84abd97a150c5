import { loadAll } from '../suite/loaded.js'
import { openSnapshot } from './migrate.js'
import type { Compared, Routed } from './types.js'
import { allAddresses, verifyAll, type Addresses, type Asked } from './verify.js'

/** A Haraka directory as it is. Close it. */
export async function openDirectoryAsIs(dir: string, warn: (text: string) => void): Promise<Asked & { close(): void }> {
  const loaded = await loadAll(dir)
  return { loaded, stage: { dir, settle: (text) => text }, ...(await openSnapshot(loaded, dir, warn)) }
}

/** The addresses whose mail goes elsewhere by one configuration than by another, in the order they are named. */
export async function compareConfigurations(
  before: Asked,
  after: Asked,
  asked: Addresses | undefined,
): Promise<{ readonly compared: number; readonly differences: readonly Compared[] }> {
  const named = asked ?? [...(await allAddresses(before)), ...(await allAddresses(after))]
  const addresses = [...new Set(named.map(({ address }) => address))].map((address) => ({ address }))
  const [old, now] = [await verifyAll(before, addresses), await verifyAll(after, addresses)]
  const differences = addresses.flatMap(({ address }, index): Compared[] => {
    const [one, other] = [old[index], now[index]]
    if (one === undefined || other === undefined || goal(one) === goal(other)) return []
    return [{ address, before: one, after: other }]
  })
  return { compared: addresses.length, differences }
}

/** What makes two routes the same one: the order of destinations does not matter. */
function goal({ accepted, code, destinations }: Routed): string {
  return JSON.stringify([accepted, accepted ? 0 : code, destinations.map((one) => JSON.stringify(one)).sort()])
}
