import { changeText, newerIn, readChange, timeAfter, type Change } from '../cluster/record.js'
import type { Texts } from '../cluster/store.js'
import { isRecord, parseRecord } from '../record.js'
import { parseSuspension, type OperatorState, type Stamp } from './operator-state.js'
import { inForce, type Suspension } from './suspensions.js'

/*
 * What operators decided as a record that all nodes of a cluster have (lib/cluster/record.ts): `suspend example.com` is the key of
 * a suspension, `hold mie3k2a1AbCdEf` that of a held message.
 */

const SUSPEND = 'suspend '
const HOLD = 'hold '
/** So long it is known that something was ended. A node that was away for longer brings it back. */
export const REMEMBERED_MS = 7 * 24 * 3_600_000
const MAX_DOMAIN = 300
const MAX_REASON = 500
/** A suspension as text. */
const MAX_VALUE = 16 * 1024

/** All of it, what was ended lately too. */
export function textsOf(state: OperatorState): Texts {
  const { changes = {} } = state
  const values = valuesOf(state)
  return new Map(
    [...new Set([...Object.keys(changes), ...values.keys()])].map((key) => {
      const value = values.get(key)
      return [key, changeText({ ...stampOf(state, key), value })]
    }),
  )
}

/** A decision made here, with its time; `texts` are what it changed. */
export function stamped(
  before: OperatorState,
  after: OperatorState,
  by: string,
  nowMs: number,
): { readonly state: OperatorState; readonly texts: Texts } {
  const [old, current] = [valuesOf(before), valuesOf(after)]
  const changes: Record<string, Stamp> = { ...before.changes }
  const changed = new Set<string>()
  for (const key of new Set([...old.keys(), ...current.keys()])) {
    if (old.get(key) === current.get(key)) {
      changes[key] ??= stampOf(before, key)
      continue
    }
    changes[key] = { atMs: timeAfter(before.changes?.[key], nowMs), by }
    changed.add(key)
  }
  const state = withoutOld({ ...after, changes }, nowMs)
  return { state, texts: new Map([...textsOf(state)].filter(([key]) => changed.has(key))) }
}

/** With what other nodes decided where that counts more. What cannot be understood is left out. */
export function withTexts(state: OperatorState, texts: Texts, nowMs: number): OperatorState {
  const changes: Record<string, Stamp> = { ...state.changes }
  const suspensions = new Map(state.suspensions.map((one) => [one.domain, one]))
  const held = new Set(state.held)
  for (const [key, text] of texts) {
    const change = readChange(text)
    if (change === undefined) continue
    if (key.startsWith(SUSPEND)) {
      const domain = key.slice(SUSPEND.length)
      const suspension = readSuspension(domain, change)
      if (suspension === 'bad') continue
      if (suspension === undefined) suspensions.delete(domain)
      else suspensions.set(domain, suspension)
    } else if (isHoldKey(key)) {
      if (change.value === undefined) held.delete(key.slice(HOLD.length))
      else held.add(key.slice(HOLD.length))
    } else continue
    changes[key] = { atMs: change.atMs, by: change.by }
  }
  return withoutOld({ suspensions: [...suspensions.values()], held: [...held], changes }, nowMs)
}

/** Whether a change is only that something ended, long ago, or is a suspension whose time was over then. */
export function isOldText(text: string, nowMs: number): boolean {
  const change = readChange(text)
  if (change === undefined) return true
  const { value, atMs } = change
  if (value === undefined) return atMs < nowMs - REMEMBERED_MS
  const untilMs = parseRecord(value, MAX_VALUE)?.['untilMs']
  return typeof untilMs === 'number' && untilMs <= nowMs - REMEMBERED_MS
}

/** Of these held messages those that this node is to look after: another's are in no queue here. */
export function heldBy(state: OperatorState, ids: readonly string[], node: string): string[] {
  return ids.filter((id) => {
    const by = state.changes?.[`${HOLD}${id}`]?.by ?? ''
    return by === '' || by === node
  })
}

/**
 * With the decisions of another Haraka where those count more, and these of its held messages looked after by `node` from now on.
 * They are in no queue here yet: what it holds of them is held, also where that was tidied away here.
 */
export function inherited(
  own: OperatorState,
  other: OperatorState,
  ids: ReadonlySet<string>,
  node: string,
  nowMs: number,
): { readonly state: OperatorState; readonly texts: Texts } {
  const before = textsOf(own)
  const merged = withTexts(own, newerIn(textsOf(other), before), nowMs)
  const changes: Record<string, Stamp> = { ...merged.changes }
  const known = new Set(own.held)
  const held = new Set([...merged.held, ...other.held.filter((id) => ids.has(id))])
  for (const id of held) {
    const key = `${HOLD}${id}`
    if (!ids.has(id) || (known.has(id) && changes[key]?.by === node)) continue
    // Where it was held is nothing of it any more: there the hold would be tidied away.
    changes[key] = { atMs: timeAfter(changes[key], nowMs), by: node }
  }
  const state = { ...merged, held: [...held], changes }
  return { state, texts: newerIn(textsOf(state), before) }
}

function valuesOf({ suspensions, held }: OperatorState): ReadonlyMap<string, string> {
  return new Map([
    ...suspensions.map((one): [string, string] => [`${SUSPEND}${one.domain}`, JSON.stringify(tidy(one))]),
    ...held.map((id): [string, string] => [`${HOLD}${id}`, '']),
  ])
}

/** What was decided before there was a cluster has the time it says, or counts less than anything. */
function stampOf(state: OperatorState, key: string): Stamp {
  const known = state.changes?.[key]
  if (known !== undefined) return known
  const suspension = state.suspensions.find(({ domain }) => key === `${SUSPEND}${domain}`)
  return { atMs: suspension?.sinceMs ?? 1, by: '' }
}

/**
 * A suspension whose time is over is kept for as long as what was ended, with the time of its decision: of another node, out of reach
 * then, it may have been decided meanwhile that it goes on.
 */
function withoutOld({ suspensions, held, changes = {} }: OperatorState, nowMs: number): OperatorState {
  const current = suspensions.filter((one) => inForce(one, nowMs - REMEMBERED_MS))
  const names = new Set([...current.map(({ domain }) => `${SUSPEND}${domain}`), ...held.map((id) => `${HOLD}${id}`)])
  const remembered = Object.entries(changes).filter(
    ([key, { atMs }]) => names.has(key) || atMs >= nowMs - REMEMBERED_MS,
  )
  return { suspensions: current, held, changes: Object.fromEntries(remembered) }
}

/** Names in one order, so that every node writes the same. */
function tidy({ domain, reason, sinceMs, untilMs }: Suspension): Suspension {
  return {
    domain,
    ...(reason === undefined ? {} : { reason }),
    ...(sinceMs === undefined ? {} : { sinceMs }),
    ...(untilMs === undefined ? {} : { untilMs }),
  }
}

function readSuspension(domain: string, { value }: Change): Suspension | undefined | 'bad' {
  if (!/^(?:\*|(?:\*\.)?[^\s\p{Cc}*,!]+)$/u.test(domain) || domain.length > MAX_DOMAIN) return 'bad'
  if (value === undefined) return undefined
  try {
    const read: unknown = JSON.parse(value)
    if (!isRecord(read) || read['domain'] !== domain) return 'bad'
    const suspension = tidy(parseSuspension(read))
    const isPlain = suspension.reason === undefined || !/\p{Cc}/u.test(suspension.reason)
    return isPlain && (suspension.reason?.length ?? 0) <= MAX_REASON ? suspension : 'bad'
  } catch {
    return 'bad'
  }
}

function isHoldKey(key: string): boolean {
  return /^hold [A-Za-z0-9]{1,40}$/.test(key)
}
