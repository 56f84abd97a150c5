import type { Address } from '../address.js'
import type { AliasTable } from '../conf/alias-file.js'
import type { MapPath } from '../conf/paths.js'
import type { LookupResult } from '../directory/types.js'
import type { LocalDomain, NamingRules } from './domains.js'
import type { ForwardTable } from './forwards.js'
import type { GatewayTable } from './gateways.js'
import type { RelayRule } from './relay.js'

/** An alias file in force. One that could not be read defers its recipients instead of losing its aliases. */
export interface AliasFile {
  readonly label: string
  readonly readable: boolean
  readonly table: AliasTable
}

/** Everything a routing decision reads: immutable, built by a reload as a whole (DESIGN: snapshots). */
export interface Tables {
  readonly mainDomain: string
  /** Every local domain name, folded (`foldDomain`); a second host_domain leads to the main domain's entry. */
  readonly localDomains: ReadonlyMap<string, LocalDomain>
  readonly naming: NamingRules
  readonly forwards: ForwardTable
  /** The alias files of a local domain in look-up order (R8), key `LocalDomain.name`. */
  readonly aliases: ReadonlyMap<string, readonly AliasFile[]>
  readonly gateways: GatewayTable
  readonly relayRules: readonly RelayRule[]
  readonly legacyOpen: boolean
  /** `sysadmin`: where mail for postmaster goes (R20). */
  readonly sysadmin: Address
  /** Which forward file is consulted (manual: "When DSMTP uses .forward"). */
  readonly usesDotForward: boolean
  /** R1: a forward's result meets the forward rules again. */
  readonly rematchForwards: boolean
  /** R19: characters that separate a tag from the user; '' = none. */
  readonly plusAddress: string
  /** R16: folders of programs and files that a user's forward file may name. */
  readonly robotUserRoots: readonly string[]
  readonly fileUserRoots: readonly string[]
  /** Folders that hold drop files: a path in a look-up's reply lies below one of them (U5). */
  readonly dropRoots: readonly string[]
  /** `drop_max` in bytes (D7). */
  readonly dropMax: number | undefined
  readonly mapPath: MapPath
}

export type ForwardFileText =
  | { readonly kind: 'absent' }
  /** Not trusted (R13): normal delivery; `reason` goes to the trace and the log. */
  | { readonly kind: 'ignored'; readonly reason: string }
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'unavailable'; readonly detail: string }

/** What routing asks of the outside; the only impure part of a decision. */
export interface World {
  lookup(name: string): Promise<LookupResult>
  /** `ownerUid` is the user's uid, undefined for users without one (R13). */
  readForwardFile(path: string, ownerUid: number | undefined): Promise<ForwardFileText> | ForwardFileText
  /** Size of a file in bytes, 0 when there is none; 0 also when it cannot be told: the delivery will say. */
  fileSize(path: string): Promise<number> | number
  /** Full path of the drop file `name` below `root`, by hash_spool (D6). */
  dropFile(root: string, name: string): Promise<string> | string
}
