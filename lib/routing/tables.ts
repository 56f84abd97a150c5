import type { Address } from '../address.js'
import type { AliasEntry } from '../conf/alias-file.js'
import type { MapPath } from '../conf/paths.js'
import type { LookupResult } from '../directory/types.js'
import type { Maybe } from '../maybe.js'
import type { LocalDomain, NamingRules } from './domains.js'
import type { ForwardTable } from './forwards.js'
import type { GatewayTable } from './gateways.js'
import type { RelayRule } from './relay.js'

/**
 * Told by a table that cannot be asked just now and answers from memory that it has no such name: the mail goes on by that, but
 * nobody is refused for it.
 */
export type Doubt = (why: string) => void

/** Aliases by name: a file, which answers at once, or a table in Redis. Rejects with Unavailable where nothing is known. */
export interface AliasLookup {
  /** The entry of `local@domain`, else that of `local` (R6). */
  find(local: string, domain: string, doubt: Doubt): Maybe<AliasEntry | undefined>
  /** The entry of the longest prefix key that fits (R9). */
  findPrefix(local: string, domain: string, doubt: Doubt): Maybe<AliasEntry | undefined>
  /** Every key, for those who look at all. */
  keys(): Iterable<string> | AsyncIterable<string>
}

/** An alias file or table in force. A file that could not be read defers its recipients instead of losing its aliases. */
export interface AliasFile {
  readonly label: string
  readonly readable: boolean
  readonly table: AliasLookup
}

/** Everything a routing decision reads: immutable, built by a reload as a whole (DESIGN: snapshots). */
export interface Tables {
  readonly mainDomain: string
  /** Every local domain name, folded (`foldDomain`); a second host_domain leads to the main domain's entry. */
  readonly localDomains: ReadonlyMap<string, LocalDomain>
  readonly naming: NamingRules
  readonly forwards: ForwardTable
  /** The alias files and tables of a local domain in look-up order (R8), key `LocalDomain.name`. */
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
