import { isRecord } from '../record.js'
import type { MessageDsn, Notify, NotifyOn, OriginalRecipient } from './params.js'
import type { Party } from './party.js'

/** Name of our member in the notes of a queue file, beside `dmail`, which holds local work. */
export const DSN_NOTE = 'dmail_dsn'

/** What a queue file tells about the reports its senders want: survives restarts, and is copied when Haraka splits a file. */
export interface DsnNote extends MessageDsn {
  readonly version: 1
  /** By recipient of the queue file, as written there; a recipient that is left out is its own only party. */
  readonly parties: Readonly<Record<string, readonly Party[]>>
  /** The sender has been told of the delay (N4: once). */
  readonly delayed?: true
  /** It is itself a report of a double bounce: when that fails too nobody is told (N6). */
  readonly doubleBounce?: true
}

/** What a note says of the message as a whole. */
export type MessageWishes = Pick<DsnNote, 'ret' | 'envid' | 'doubleBounce'>

/** The parties of some recipients of a queue file. */
export interface PartiesOf {
  readonly address: string
  readonly parties: readonly Party[]
}

/** The note for a new queue file; undefined where it would say nothing. */
export function makeNote(
  { ret, envid, doubleBounce }: MessageWishes,
  recipients: readonly PartiesOf[],
): DsnNote | undefined {
  const told = recipients.filter(({ address, parties }) => !saysNothing(address, parties))
  if (told.length === 0 && ret === undefined && envid === undefined && doubleBounce === undefined) return undefined
  return {
    version: 1,
    ...(ret === undefined ? {} : { ret }),
    ...(envid === undefined ? {} : { envid }),
    ...(doubleBounce === undefined ? {} : { doubleBounce }),
    parties: Object.fromEntries(told.map(({ address, parties }) => [address, parties])),
  }
}

function saysNothing(address: string, parties: readonly Party[]): boolean {
  const [first, ...more] = parties
  return (
    first === undefined ||
    (more.length === 0 && first.given === address && first.notify === undefined && first.orcpt === undefined)
  )
}

/** Whom a report about this recipient of a queue file concerns: one at least. */
export function partiesOf(note: DsnNote | undefined, address: string): readonly Party[] {
  const known = note !== undefined && Object.hasOwn(note.parties, address) ? note.parties[address] : undefined
  return known === undefined || known.length === 0 ? [{ given: address }] : known
}

/** Reads the note of a queue file. What in it is damaged counts as not asked for. */
export function readNote(value: unknown): DsnNote | undefined {
  if (!isRecord(value) || value['version'] !== 1) return undefined
  const { ret, envid, parties, delayed, doubleBounce } = value
  const entries = isRecord(parties) ? Object.entries(parties) : []
  return {
    version: 1,
    ...(ret === 'FULL' || ret === 'HDRS' ? { ret } : {}),
    ...(typeof envid === 'string' ? { envid } : {}),
    parties: Object.fromEntries(
      entries.map(([address, list]) => [address, Array.isArray(list) ? list.flatMap(readParty) : []]),
    ),
    ...(delayed === true ? { delayed } : {}),
    ...(doubleBounce === true ? { doubleBounce } : {}),
  }
}

function readParty(value: unknown): Party[] {
  if (!isRecord(value) || typeof value['given'] !== 'string') return []
  const notify = readNotify(value['notify'])
  const orcpt = readOrcpt(value['orcpt'])
  const party = { given: value['given'] }
  return [{ ...party, ...(notify === undefined ? {} : { notify }), ...(orcpt === undefined ? {} : { orcpt }) }]
}

function readNotify(value: unknown): Notify | undefined {
  if (value === 'never') return value
  if (!Array.isArray(value)) return undefined
  const on = value.filter((each): each is NotifyOn => each === 'success' || each === 'failure' || each === 'delay')
  return on.length === 0 ? undefined : on
}

function readOrcpt(value: unknown): OriginalRecipient | undefined {
  if (!isRecord(value)) return undefined
  const { type, encoded, address } = value
  if (typeof type !== 'string' || typeof encoded !== 'string' || typeof address !== 'string') return undefined
  return { type, encoded, address }
}
