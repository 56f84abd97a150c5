import { parseAddress } from '../address.js'
import { describe } from '../routing/provenance.js'
import { routeReport } from '../routing/report.js'
import { route } from '../routing/route.js'
import { ruleOf, treeOf, type Branch } from '../routing/tree.js'
import type { Route } from '../routing/types.js'
import { loadAll } from '../suite/loaded.js'
import { ConfigurationError, makeSnapshot, notRunning, openUsers } from '../suite/snapshot.js'
import { EXIT, painter, printJson, type Exit, type Terminal } from './terminal.js'

export interface RouteOptions {
  readonly ip?: string
  readonly from?: string
  readonly trusted: boolean
}

/**
 * `dmail route ADDRESS`: the same decision that the RCPT hook takes, from the files as they are now. Exit 1 when the address is
 * refused or the configuration cannot be used.
 */
export async function routeCommand(
  address: string,
  options: RouteOptions & { readonly config: string; readonly json: boolean },
  terminal: Terminal,
): Promise<Exit> {
  const complain = (text: string): void => {
    terminal.err.write(`${text}\n`)
  }
  const sender = options.from === undefined ? undefined : parseAddress(options.from)
  if (options.from !== undefined && sender === undefined) {
    complain(`dmail: --from ${options.from} is not a mail address`)
    return EXIT.usage
  }
  const loaded = await loadAll(options.config)
  const users = openUsers(loaded, options.config, (level, text) => {
    if (level === 'error' || level === 'warn') complain(`dmail: ${text}`)
  })
  try {
    const { tables, world } = await makeSnapshot(loaded, users, options.config, notRunning(complain))
    const decided = await route(tables, world, address, { ip: options.ip, sender, trusted: options.trusted })
    if (options.json) printJson(terminal, routeReport(address, decided))
    else printRoute(address, decided, terminal)
    if (!decided.accepted && decided.detail !== undefined) complain(`dmail: ${decided.detail}`)
    return decided.accepted ? EXIT.done : EXIT.problems
  } catch (error) {
    if (!(error instanceof ConfigurationError)) throw error
    complain(error.message)
    return EXIT.problems
  } finally {
    users.close()
  }
}

/** The tree of rules that fired, with the destinations under the rules that named them. */
function printRoute(address: string, decided: Route, terminal: Terminal): void {
  const paint = painter(terminal)
  const { out } = terminal
  const { code, enhanced, text } = decided.reply
  out.write(`${paint('bold', address)}\n`)
  const print = (branches: readonly Branch[], indent: string): void => {
    branches.forEach((branch, index) => {
      const last = index === branches.length - 1
      out.write(`${indent}${last ? '└─ ' : '├─ '}${branchText(branch, paint)}\n`)
      if (branch.kind === 'step') print(branch.below, `${indent}${last ? '   ' : '│  '}`)
    })
  }
  print(treeOf(decided), '')
  out.write(`${paint(decided.accepted ? 'green' : 'red', `${code} ${enhanced}`)} ${text}\n`)
  out.write(paint('dim', 'decided from the files as they are now; a running server may still use the ones before\n'))
}

function branchText(branch: Branch, paint: ReturnType<typeof painter>): string {
  if (branch.kind === 'destination') return paint('green', `→ ${describe(branch.destination)}`)
  const { step, input, rule, at } = branch.step
  const place = at === undefined ? '' : ` ${paint('dim', `(${at})`)}`
  if (step === 'left-out') return `${paint('yellow', 'left out')} ${input}: ${rule}${place}`
  return `${paint('cyan', step)}${ruleOf(branch.step)}${place}`
}
