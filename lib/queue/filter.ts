import { foldDomain } from '../address.js'
import { readDomainPattern } from '../conf/value-mail.js'
import type { Matcher } from '../conf/wildcard.js'
import type { Entry } from './entry.js'
import type { QueueHeader } from './header.js'

/** Which messages a queue command is about: of each kind of condition one must hold, where there is any. */
export interface Filter {
  /** Messages by name; undefined = any. */
  readonly names: Names | undefined
  readonly domain: Domains | undefined
  /** Over sender and recipients as `conditionText` writes them. */
  readonly from: Matcher | undefined
  readonly to: Matcher | undefined
  /** Arrived at this time or before, milliseconds since 1970. */
  readonly untilMs: number | undefined
}

export interface Names {
  /** Ids of the index. */
  readonly ids: ReadonlySet<string>
  /** `id=` with wildcards; undefined where there is none. */
  readonly pattern: Matcher | undefined
  /** Ids of the log, in lower case. */
  readonly uuids: readonly string[]
}

export interface Domains {
  /** Without wildcards: found without looking at any other mail; undefined where there are any. */
  readonly exact: readonly string[] | undefined
  readonly matches: Matcher
}

/** Whether what the index knows is not enough to decide. */
export function needsHeader({ names, from, to }: Filter): boolean {
  return from !== undefined || to !== undefined || (names?.uuids.length ?? 0) > 0
}

/** False where what the index knows is enough to say no. */
export function matchesEntry(
  filter: Filter,
  { id, domain, arrivedMs }: Pick<Entry, 'id' | 'domain' | 'arrivedMs'>,
): boolean {
  const { names, untilMs } = filter
  if (untilMs !== undefined && arrivedMs > untilMs) return false
  if (filter.domain !== undefined && (domain === undefined || !filter.domain.matches(domain))) return false
  return names === undefined || names.uuids.length > 0 || isNamed(names, id)
}

/** For an entry that `matchesEntry`: what its header says. */
export function matchesHeader(
  { names, from, to }: Filter,
  { id }: Pick<Entry, 'id'>,
  { uuid, sender, recipients }: Pick<QueueHeader, 'uuid' | 'sender' | 'recipients'>,
): boolean {
  if (from !== undefined && !from(conditionText(sender))) return false
  if (to !== undefined && !recipients.some((recipient) => to(conditionText(recipient)))) return false
  if (names === undefined || isNamed(names, id)) return true
  const lower = uuid.toLowerCase()
  return names.uuids.some((named) => lower === named || lower.replace(/\.\d+$/, '') === named)
}

function isNamed({ ids, pattern }: Names, id: string): boolean {
  return ids.has(id) || pattern?.(id) === true
}

/** An address, or a pattern of addresses, in the form the two are compared in: IDN domains as A-labels, `<>` the null sender. */
export function conditionText(text: string): string {
  const bare = text.replace(/^<(.*)>$/, '$1')
  if (bare === '') return '<>'
  const at = bare.lastIndexOf('@')
  return at < 0 ? bare : `${bare.slice(0, at)}@${domainText(bare.slice(at + 1))}`
}

/** The form in which domains, and patterns of them, are compared. */
export function domainText(text: string): string {
  return readDomainPattern(text) ?? (foldDomain(text) || text.toLowerCase())
}
