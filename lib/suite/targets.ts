import { makeAddress, quoteLocal, type Address } from '../address.js'
import type { At, Problem } from '../conf/problem.js'
import type { Written } from '../conf/destination.js'
import { route } from '../routing/route.js'
import type { Tables, World } from '../routing/tables.js'
import type { Loaded } from './loaded.js'

/** Addresses that are tried; a check must end on a site with a million aliases, too. */
const MAX_TARGETS = 10_000

/**
 * Tries every local address that a forward rule, an alias or `sysadmin` names, and tells of those that lead nowhere
 * (R22): their mail is left out, or refused when nothing else is left. Asks the user directory.
 */
export async function checkTargets(loaded: Loaded, tables: Tables, world: World): Promise<Problem[]> {
  const problems: Problem[] = []
  const tried = new Set<string>()
  for (const { text, at } of targetsOf(loaded, tables)) {
    if (tried.has(text)) continue
    if (tried.size >= MAX_TARGETS) {
      problems.push(
        warning(at, `only the first ${MAX_TARGETS} targets were tried`, 'use "dmail route" for single addresses'),
      )
      break
    }
    tried.add(text)
    const decided = await route(tables, world, text, { ip: undefined, sender: undefined, trusted: true })
    if (decided.accepted) continue
    if (decided.reply.code < 500) {
      const why = decided.detail ?? decided.reply.text
      problems.push(warning(at, `targets cannot be checked: ${why}`, 'mend the user look-up and check again'))
      break
    }
    const hint = 'mail for it is left out, or refused where it is the only target; add the user or change the rule'
    problems.push(warning(at, `${text} leads nowhere: ${decided.reply.text}`, hint))
  }
  return problems
}

interface Target {
  readonly text: string
  readonly at: At
}

/** Only local addresses: what lies elsewhere is known elsewhere. */
function* targetsOf(loaded: Loaded, tables: Tables): Generator<Target> {
  for (const target of allTargets(loaded, tables)) {
    const domain = target.text.slice(target.text.lastIndexOf('@') + 1)
    if (tables.localDomains.has(domain)) yield target
  }
}

function* allTargets({ configuration }: Loaded, tables: Tables): Generator<Target> {
  const { conf } = configuration
  const sysadmin = conf.setting('sysadmin')
  if (sysadmin !== undefined) yield { text: textOf(sysadmin.value), at: sysadmin.at }
  for (const { value, at } of [...conf.all('forward'), ...conf.all('forward_cc')]) {
    const text = addressOf(value.destination, tables.mainDomain)
    if (text !== undefined) yield { text, at }
  }
  for (const [domain, files] of tables.aliases) {
    for (const { table } of files) {
      for (const key of table.keys()) {
        const [local = '', keyDomain = domain] = key.split('@')
        // A key of another domain is met under that domain.
        if (keyDomain !== domain) continue
        const entry = local.endsWith('*') ? table.findPrefix(local.slice(0, -1), domain) : table.find(local, domain)
        for (const { written, at } of entry?.items ?? []) {
          const text = addressOf(written, domain)
          if (text !== undefined) yield { text, at }
        }
      }
    }
  }
}

function addressOf(written: Written, bareDomain: string): string | undefined {
  if (written.kind === 'address') return textOf(written.address)
  return written.kind === 'user' ? textOf(makeAddress(written.local, bareDomain)) : undefined
}

/** As it would be given at RCPT, domain folded. */
function textOf({ local, domain }: Address): string {
  return `${quoteLocal(local)}@${domain}`
}

function warning(at: At, message: string, hint: string): Problem {
  return { severity: 'warning', at, message, hint }
}
