import type { DsnNote } from './note.js'
import { partiesOf } from './note.js'
import { MAX_ORCPT, type Notify, type NotifyOn } from './params.js'
import type { Party } from './party.js'
import { isAscii } from '../ascii.js'
import { encodeXtext, toUtf8AddressXtext } from './xtext.js'

/** Parameters for MAIL at a next hop that offers DSN, with a blank in front; '' for none (RFC 3461 5.2.1). */
export function mailParameters(note: DsnNote | undefined): string {
  const ret = note?.ret === undefined ? '' : ` RET=${note.ret}`
  return note?.envid === undefined ? ret : `${ret} ENVID=${note.envid}`
}

/**
 * Parameters for RCPT at a next hop that offers DSN. ORCPT is passed on as it came; where a rule changed the address it is made
 * of the one the sender used (N5), so that the next hop's report names that.
 */
export function recipientParameters(note: DsnNote | undefined, address: string): string {
  const parties = partiesOf(note, address)
  const notify = wishOf(parties.map((party) => party.notify))
  const orcpt = parties.map((party) => originalOf(party, address)).find((text) => text !== undefined)
  return `${notify === undefined ? '' : ` NOTIFY=${notify}`}${orcpt === undefined ? '' : ` ORCPT=${orcpt}`}`
}

const ORDER: readonly NotifyOn[] = ['success', 'failure', 'delay']

/** One copy may stand for several RCPTs: what any of them wants is wanted. Who said nothing wants to hear of a failure. */
function wishOf(wishes: readonly (Notify | undefined)[]): string | undefined {
  if (wishes.every((wish) => wish === undefined)) return undefined
  const wanted = wishes.flatMap((wish): readonly NotifyOn[] => (wish === 'never' ? [] : (wish ?? ['failure'])))
  const words = ORDER.filter((on) => wanted.includes(on))
  return words.length === 0 ? 'NEVER' : words.join(',').toUpperCase()
}

function originalOf({ given, orcpt }: Party, address: string): string | undefined {
  if (orcpt !== undefined && isAscii(orcpt.encoded)) return `${orcpt.type};${orcpt.encoded}`
  if (orcpt === undefined && given === address) return undefined
  // RFC 6533 3: UTF-8 as it is, as an ORCPT may have come, is only for who offers SMTPUTF8; this form is for everybody.
  const made = inAscii(orcpt?.address ?? given)
  // A next hop would refuse the recipient for it.
  return made.length > MAX_ORCPT ? undefined : made
}

function inAscii(address: string): string {
  return isAscii(address) ? `rfc822;${encodeXtext(address)}` : `utf-8;${toUtf8AddressXtext(address)}`
}
