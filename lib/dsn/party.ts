import type { Notify, OriginalRecipient } from './params.js'

/**
 * A recipient as its sender knows it, with what the sender wants to hear of it: the one that reports name, whatever
 * became of the address on its way (manual: DSNs).
 */
export interface Party {
  /** The address given at RCPT. */
  readonly given: string
  /** undefined: the sender did not say (N3). */
  readonly notify?: Notify
  readonly orcpt?: OriginalRecipient
}

/**
 * The same without a wish to hear of success: it has been answered, or may not be asked for. Nothing left of it means NEVER,
 * as an explicit NOTIFY without FAILURE does (RFC 3461 5.2.7.3).
 */
export function withoutSuccess<T extends { readonly notify?: Notify }>(wishes: T): T {
  const { notify } = wishes
  if (notify === undefined || notify === 'never') return wishes
  const left = notify.filter((on) => on !== 'success')
  return { ...wishes, notify: left.length === 0 ? 'never' : left }
}

/** Whether two parties are one, with the same wishes: a client may give an address twice. */
export function sameParty(one: Party, other: Party): boolean {
  const wishes = ({ notify, orcpt }: Party): string => `${String(notify)} ${orcpt?.type ?? ''};${orcpt?.encoded ?? ''}`
  return one.given === other.given && wishes(one) === wishes(other)
}
