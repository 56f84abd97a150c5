import path from 'node:path'
import type { HarakaAddress } from '../../plugins/haraka/types.js'

/** What tests ask of Haraka's address objects beside what the suite does. */
export interface RealAddress extends HarakaAddress {
  format(...ascii: boolean[]): string
  toString(): string
}

export type AddressClass = new (text: unknown) => RealAddress

const VERSIONS = [
  ['3.3.4', 'haraka-3.3', '@haraka/email-address'],
  ['3.1.7', 'haraka-3.1', 'address-rfc2821'],
] as const

/** The address class of each Haraka. */
export const ADDRESS_CLASSES: readonly (readonly [version: string, Address: AddressClass])[] = VERSIONS.map(
  ([version, folder, module_]) => {
    const root = path.dirname(require.resolve(`${folder}/package.json`))
    // eslint-disable-next-line @typescript-eslint/no-require-imports
    const { Address } = require(require.resolve(module_, { paths: [root] })) as { readonly Address: AddressClass }
    return [version, Address]
  },
)
