import { BadQuestion, clientOf, type RouteQuestion } from '../suite/question.js'
import { describe, type TracedRoute } from '../routing/report.js'
import { ruleOf, treeOf, type Branch } from '../routing/tree.js'
import { loadAll } from '../suite/loaded.js'
import { ConfigurationError, makeSnapshot, notRunning, openUsers } from '../suite/snapshot.js'
import { traceRoute } from '../suite/trace.js'
import { complain, withServer, type ServerOptions } from './server.js'
import { EXIT, painter, printJson, type Exit, type Terminal } from './terminal.js'
import { visible } from '../text/values.js'

export interface RouteOptions {
  readonly ip?: string
  readonly from?: string
  readonly trusted: boolean
  /** Do not ask the server, whose configuration may be an older one. */
  readonly files: boolean
}

/**
 * `dmail route ADDRESS`: the same decision that the RCPT hook takes, by the running server where there is one, else from the
 * files as they are now. Exit 1 when the address is refused or the configuration cannot be used.
 */
export async function routeCommand(
  address: string,
  { ip, from, trusted, files, ...options }: RouteOptions & ServerOptions,
  terminal: Terminal,
): Promise<Exit> {
  const question: RouteQuestion = {
    address,
    trusted,
    ...(ip === undefined ? {} : { ip }),
    ...(from === undefined ? {} : { from }),
  }
  try {
    clientOf(question)
  } catch (error) {
    if (!(error instanceof BadQuestion)) throw error
    complain(terminal, error.message)
    return EXIT.usage
  }
  const show = (traced: TracedRoute, by: DecidedBy): Exit => printTraced(traced, by, options.json, terminal)
  const fromFiles = (): Promise<Exit> => decideFromFiles(question, options.config, terminal, show)
  if (files) return await fromFiles()
  return await withServer(
    options,
    terminal,
    async (ask) => show(await ask('route', question), 'server'),
    () => fromFiles(),
  )
}

type DecidedBy = 'server' | 'files'

const LAST: Record<DecidedBy, string> = {
  server: 'decided by the running server\n',
  files: 'decided from the files as they are now; a running server may still use the ones before\n',
}

function printTraced(traced: TracedRoute, by: DecidedBy, json: boolean, terminal: Terminal): Exit {
  const { report, detail } = traced
  const paint = painter(terminal)
  if (json) {
    // The form of the report is fixed, and says nothing of this.
    printJson(terminal, report)
    if (by === 'server') complain(terminal, LAST[by].trim())
  } else {
    printTree(traced, terminal)
    terminal.out.write(paint('dim', LAST[by]))
  }
  if (detail !== undefined) complain(terminal, detail)
  return report.accepted ? EXIT.done : EXIT.problems
}

async function decideFromFiles(
  question: RouteQuestion,
  harakaDir: string,
  terminal: Terminal,
  show: (traced: TracedRoute, by: DecidedBy) => Exit,
): Promise<Exit> {
  const loaded = await loadAll(harakaDir)
  const users = openUsers(loaded, harakaDir, (level, text) => {
    if (level === 'error' || level === 'warn') complain(terminal, text)
  })
  const warn = (text: string): void => {
    terminal.err.write(`${text}\n`)
  }
  try {
    return show(await traceRoute(await makeSnapshot(loaded, users, harakaDir, notRunning(warn)), question), 'files')
  } catch (error) {
    if (!(error instanceof ConfigurationError)) throw error
    warn(error.message)
    return EXIT.problems
  } finally {
    users.close()
  }
}

/** The tree of rules that fired, with the destinations under the rules that named them. */
function printTree(traced: TracedRoute, terminal: Terminal): void {
  const paint = painter(terminal)
  const { out } = terminal
  const { address, accepted, reply } = traced.report
  out.write(`${paint('bold', visible(address))}\n`)
  const print = (branches: readonly Branch[], indent: string): void => {
    branches.forEach((branch, index) => {
      const last = index === branches.length - 1
      out.write(`${indent}${last ? '└─ ' : '├─ '}${branchText(branch, paint)}\n`)
      if (branch.kind === 'step') print(branch.below, `${indent}${last ? '   ' : '│  '}`)
    })
  }
  print(treeOf(traced), '')
  out.write(`${paint(accepted ? 'green' : 'red', `${reply.code} ${reply.enhanced}`)} ${visible(reply.text)}\n`)
}

function branchText(branch: Branch, paint: ReturnType<typeof painter>): string {
  if (branch.kind === 'destination') return paint('green', `→ ${visible(describe(branch.destination))}`)
  const { step, input, rule, at } = branch.step
  const place = at === null ? '' : ` ${paint('dim', `(${visible(at)})`)}`
  if (step === 'left-out') return `${paint('yellow', 'left out')} ${visible(`${input}: ${rule}`)}${place}`
  return `${paint('cyan', step)}${visible(ruleOf(branch.step))}${place}`
}
