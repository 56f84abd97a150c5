import { foldLocal, makeAddress, type Address } from '../address.js'
import { formatWritten, type Written } from '../conf/destination.js'
import type { LocalDomain } from './domains.js'
import { below, combine, leaveOut, place, type Here, type Run, type Verdict } from './run.js'
import type { Step } from './types.js'

/** One redirection: what it names, and what it means by "the recipient itself". */
export interface Redirection {
  readonly step: Step
  readonly items: readonly { readonly written: Written; readonly at: string | undefined }[]
  /** Domain of a destination written without one (R5). */
  readonly bareDomain: string
  /** True for addresses that mean the recipient itself: `bob: bob` says "deliver to that one" (R1). */
  isSelf(address: Address): boolean
  /** `$user`: goes on with the recipient's own mail at the stage after this redirection. */
  self(): Promise<Verdict>
  /** `\user` (R12); only forward files have it. */
  mailboxOf?(local: string): Promise<Verdict>
  /** R16: user-owned rules may not name any program or file. Returns why not. */
  refuses?(written: Written): string | undefined
}

/** Follows every destination of a redirection; the recipient itself is taken once. */
export async function redirect(run: Run, here: Here, rule: Redirection): Promise<Verdict> {
  const verdicts: Verdict[] = []
  let wantsSelf = false
  for (const { written, at } of rule.items) {
    const target = resolveBare(written, rule.bareDomain)
    const refusal = rule.refuses?.(target)
    if (refusal !== undefined) leaveOut(run, rule.step, formatWritten(target), refusal, at)
    else if (target.kind === 'self' || (target.kind === 'address' && rule.isSelf(target.address))) wantsSelf = true
    else if (target.kind === 'mailbox' && rule.mailboxOf) verdicts.push(await rule.mailboxOf(target.local))
    else verdicts.push(await follow(run, here, rule.step, target, run.fromStart))
  }
  if (wantsSelf) verdicts.push(await rule.self())
  return combine(verdicts)
}

/** One destination of a rule: an address is routed from the start (R7), anything else is a place. */
export async function follow(
  run: Run,
  here: Here,
  step: Step,
  target: Written,
  next: (here: Here) => Promise<Verdict>,
): Promise<Verdict> {
  switch (target.kind) {
    case 'address':
      return next(below(here, target.address, step))
    case 'robot':
    case 'file':
    case 'discard':
      return place(run, here, target, step)
    case 'user':
    case 'self':
    case 'mailbox':
    case 'include':
      // Bare users are resolved; `$user` and `\user` are taken by the caller; includes are expanded at load.
      throw new Error(`a ${target.kind} destination reached the end of the ladder`)
  }
}

/** A destination without a domain is a user of `domain` (R5). */
export function resolveBare(written: Written, domain: string): Written {
  return written.kind === 'user' ? { kind: 'address', address: makeAddress(written.local, domain) } : written
}

/** The forms in which a rule may name the very recipient it belongs to. */
export function ownAddress(address: Address, domain: LocalDomain, local: string): (other: Address) => boolean {
  const keys = new Set([address.key, `${foldLocal(local)}@${domain.name}`, `${foldLocal(local)}@${address.domain}`])
  return (other) => keys.has(other.key)
}

/** The local part as given, then without its tag (R19). */
export function localForms(local: string, separators: string): string[] {
  for (let at = 1; at < local.length; at++) {
    if (separators.includes(local.charAt(at))) return [local, local.slice(0, at)]
  }
  return [local]
}

/** True where a user's own rules named the user again with a tag (R19): no loop, but the user's own mail. */
export function comesFromUser(run: Run, here: Here, domain: LocalDomain, local: string): boolean {
  const { source } = here
  if (source === undefined || run.tables.localDomains.get(source.domain) !== domain) return false
  return localForms(source.local, run.tables.plusAddress).some((form) => foldLocal(form) === foldLocal(local))
}
