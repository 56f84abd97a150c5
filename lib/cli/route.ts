import { parseAddress } from '../address.js'
import { describe } from '../routing/provenance.js'
import { routeReport } from '../routing/report.js'
import { route } from '../routing/route.js'
import type { Placed, Route, Step } from '../routing/types.js'
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
  const print = (lines: readonly Line[], indent: string): void => {
    lines.forEach((line, index) => {
      const last = index === lines.length - 1
      out.write(`${indent}${last ? '└─ ' : '├─ '}${line.text}\n`)
      print(line.below, `${indent}${last ? '   ' : '│  '}`)
    })
  }
  print(linesBelow(undefined, decided, paint), '')
  out.write(`${paint(decided.accepted ? 'green' : 'red', `${code} ${enhanced}`)} ${text}\n`)
  out.write(paint('dim', 'decided from the files as they are now; a running server may still use the ones before\n'))
}

interface Line {
  readonly text: string
  readonly below: readonly Line[]
}

function linesBelow(parent: Step | undefined, decided: Route, paint: ReturnType<typeof painter>): Line[] {
  const steps = decided.trace.filter((step) => step.parent === parent && step.step !== 'refused')
  const placed = decided.destinations.filter((one: Placed) => one.step === parent)
  return [
    ...steps.map((step) => ({ text: stepText(step, paint), below: linesBelow(step, decided, paint) })),
    ...placed.map(({ destination }) => ({ text: paint('green', `→ ${describe(destination)}`), below: [] })),
  ]
}

function stepText({ step, input, rule, at }: Step, paint: ReturnType<typeof painter>): string {
  const place = at === undefined ? '' : ` ${paint('dim', `(${at})`)}`
  if (step === 'left-out') return `${paint('yellow', 'left out')} ${input}: ${rule}${place}`
  // Some rules begin with the name of their step, as in dmail.conf.
  const rest = rule.startsWith(`${step} `) || rule.startsWith(`${step}=`) ? rule.slice(step.length) : ` ${rule}`
  return `${paint('cyan', step)}${rest}${place}`
}
