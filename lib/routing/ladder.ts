import { foldLocal } from '../address.js'
import type { AliasEntry } from '../conf/alias-file.js'
import { formatAt } from '../conf/problem.js'
import { findAlias, findCatchAll } from './aliases.js'
import { formatWritten } from '../conf/destination.js'
import { directoryName, dropFileName, type LocalDomain } from './domains.js'
import { dropFile, lookUp } from './mailbox.js'
import { formatHost } from './provenance.js'
import { follow, localForms, ownAddress, redirect, resolveBare } from './redirect.js'
import { below, combine, leaveOut, once, place, type Here, type Run, type Verdict } from './run.js'
import { userStage } from './user.js'

/** A mailing list's step names so many of its members; each has a step of its own. */
const SHOWN_ITEMS = 50

/**
 * The ladder (manual, "what DSMTP does with a message when it arrives"), top to bottom:
 * 1. forward rules  2. local domain?  3. alias  4. user look-up with its fwd field  5. forward file  6. drop file.
 */
export function forwardStage(run: Run, here: Here): Promise<Verdict> {
  return once(run, `forward ${here.address.key}`, here, async () => {
    const rules = run.tables.forwards.match(here.address)
    if (rules.length === 0) return localStage(run, here)
    const verdicts: Verdict[] = []
    const next = run.tables.rematchForwards ? run.fromStart : (at: Here) => localStage(run, at)
    let keepsOriginal = false
    for (const { destination, keepsOriginal: cc, pattern, at } of rules) {
      const target = resolveBare(destination, run.tables.mainDomain)
      const step = run.trace.add(here.step, {
        step: cc ? 'forward_cc' : 'forward',
        input: here.address.text,
        rule: `${cc ? 'forward_cc' : 'forward'} ${pattern} ${formatWritten(destination)}`,
        at: formatAt(at),
        output: [formatWritten(target)],
      })
      if (cc) keepsOriginal = true
      const isSelf = target.kind === 'self' || (target.kind === 'address' && target.address.key === here.address.key)
      if (isSelf) keepsOriginal = true
      else verdicts.push(await follow(run, here, step, target, next))
    }
    // R2, R23: kept once, whichever rule asks for it, and past the forward rules.
    if (keepsOriginal) verdicts.push(await localStage(run, here))
    return combine(verdicts)
  })
}

/** Steps 2 to 6 for one address. */
export function localStage(run: Run, here: Here): Promise<Verdict> {
  return once(run, `local ${here.address.key}`, here, async () => {
    const domain = run.tables.localDomains.get(here.address.domain)
    if (domain === undefined) return remote(run, here)
    for (const local of localForms(here.address.local, run.tables.plusAddress)) {
      const tagged = local !== here.address.local
      const at = tagged ? plusStep(run, here, local) : here
      const alias = findAlias(run.tables, local, domain)
      if (alias !== undefined) return aliasStage(run, at, domain, local, alias, 'alias')
      const verdict = await userOf(run, at, domain, local)
      if (verdict !== undefined) return verdict
    }
    if (foldLocal(here.address.local) === 'postmaster') return postmaster(run, here, domain)
    const catchAll = findCatchAll(run.tables, here.address.local, domain)
    if (catchAll !== undefined) return aliasStage(run, here, domain, here.address.local, catchAll, 'catch-all')
    if (here.step !== undefined) leaveOut(run, here.step, here.address.text, 'no rule and no user has this address')
    return 'unknown'
  })
}

function plusStep(run: Run, here: Here, local: string): Here {
  const step = run.trace.add(here.step, {
    step: 'plus-address',
    input: here.address.text,
    rule: '[routing] plus_address',
    at: undefined,
    output: [local],
  })
  return { ...here, step }
}

function aliasStage(
  run: Run,
  here: Here,
  domain: LocalDomain,
  local: string,
  entry: AliasEntry,
  kind: 'alias' | 'catch-all',
): Promise<Verdict> {
  const { items } = entry
  const first = items[0]
  const shown = items.slice(0, SHOWN_ITEMS).map(({ written }) => written)
  const more = items.length > shown.length ? [`... (${items.length} destinations)`] : []
  const step = run.trace.add(here.step, {
    step: kind,
    input: here.address.text,
    rule: `${entry.key}: ${[...shown.map(formatWritten), ...more].join(', ')}`,
    at: first === undefined ? undefined : formatAt({ file: first.at.file, line: first.at.line }),
    output: [...shown.map((written) => formatWritten(resolveBare(written, domain.name))), ...more],
  })
  return redirect(run, here, {
    step,
    items: items.map(({ written, at }) => ({ written, at: formatAt({ file: at.file, line: at.line }) })),
    bareDomain: domain.name,
    isSelf: ownAddress(here.address, domain, local),
    // Past the alias files, on to the look-up: bob "getting his mail as normal".
    self: async () => {
      const verdict = await userOf(run, { ...here, step }, domain, local)
      if (verdict === undefined) leaveOut(run, step, '$user', 'no user has this address')
      return verdict ?? 'unknown'
    },
  })
}

/** The user of that name with fwd field and forward file; undefined when nobody has it. */
async function userOf(run: Run, here: Here, domain: LocalDomain, local: string): Promise<Verdict | undefined> {
  const found = await lookUp(run, here, domain, local)
  if (found === 'unknown') return undefined
  // Only the sender's own address can be a bad one; what a rule names is unknown (R22).
  if (found === 'bad') return here.source === undefined ? 'bad' : 'unknown'
  return userStage(run, here, domain, found)
}

function remote(run: Run, here: Here): Verdict {
  const { address } = here
  const gateway = run.tables.gateways.find(address.domain)
  const step = run.trace.add(here.step, {
    step: 'remote',
    input: address.text,
    rule: gateway === undefined ? 'not a local domain: MX of the domain' : `gateway ${gateway.domain}`,
    at: gateway === undefined ? undefined : formatAt(gateway.at),
    output: [gateway === undefined ? address.text : `${formatHost(gateway.host)}:${gateway.port}`],
  })
  const via = gateway === undefined ? {} : { via: { host: gateway.host, port: gateway.port } }
  return place(run, here, { kind: 'remote', address, ...via }, step)
}

/** R20: a local postmaster is accepted even when the rules for it lead nowhere. Undefined for any other address. */
export function lastResort(run: Run, here: Here): Promise<Verdict> | undefined {
  const domain = run.tables.localDomains.get(here.address.domain)
  if (domain === undefined || foldLocal(here.address.local) !== 'postmaster') return undefined
  return postmaster(run, here, domain)
}

/** R20: always accepted; to sysadmin, or at the very least into a drop file of its own name. */
async function postmaster(run: Run, here: Here, domain: LocalDomain): Promise<Verdict> {
  const { sysadmin } = run.tables
  const step = run.trace.add(here.step, {
    step: 'postmaster',
    input: here.address.text,
    rule: `sysadmin ${sysadmin.text}`,
    at: undefined,
    output: [sysadmin.text],
  })
  if (sysadmin.key !== here.address.key) {
    const verdict = await run.fromStart(below(here, sysadmin, step))
    if (verdict === 'placed') return verdict
  }
  leaveOut(run, step, sysadmin.text, 'sysadmin leads nowhere: kept in a drop file for postmaster')
  const asked = directoryName('postmaster', domain, run.tables.naming)
  const path = await dropFile(run, domain, dropFileName(asked, asked, domain, run.tables.naming))
  return place(run, here, { kind: 'mailbox', user: 'postmaster', path, root: domain.dropPath }, step)
}
