import { BadQuestion, clientOf, type RouteQuestion } from '../suite/question.js'
import type { TracedRoute } from '../routing/report.js'
import { loadAll } from '../suite/loaded.js'
import { ConfigurationError, makeSnapshot, notRunning, openUsers } from '../suite/snapshot.js'
import { tablesFor } from '../suite/redis.js'
import { traceRoute } from '../suite/trace.js'
import { routeOnAll } from './route-all.js'
import { printTree } from './route-tree.js'
import { complain, withServer, type ServerOptions } from './server.js'
import { EXIT, painter, printJson, type Exit, type Terminal } from './terminal.js'

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
  const { node, all = false } = options
  if (files && (all || node !== undefined)) {
    complain(terminal, '--files is about the files here: it goes neither with --node nor with --all')
    return EXIT.usage
  }
  if (all) return await routeOnAll(question, options, terminal)
  const show = (traced: TracedRoute, by: DecidedBy): Exit => printTraced(traced, by, options.json, terminal)
  const fromFiles = (): Promise<Exit> => decideFromFiles(question, options.config, terminal, show)
  if (files) return await fromFiles()
  return await withServer(
    options,
    terminal,
    async (ask) => show(await ask('route', question), node === undefined ? 'server' : { node }),
    // What another node has is not in the files here.
    node === undefined ? () => fromFiles() : undefined,
  )
}

type DecidedBy = 'server' | 'files' | { readonly node: string }

function lastLine(by: DecidedBy): string {
  if (by === 'server') return 'decided by the running server\n'
  if (by === 'files') return 'decided from the files as they are now; a running server may still use the ones before\n'
  return `decided by node ${by.node}\n`
}

function printTraced(traced: TracedRoute, by: DecidedBy, json: boolean, terminal: Terminal): Exit {
  const { report, detail } = traced
  const paint = painter(terminal)
  if (json) {
    // The form of the report is fixed, and says nothing of this.
    printJson(terminal, report)
    if (by !== 'files') complain(terminal, lastLine(by).trim())
  } else {
    printTree(traced, terminal)
    terminal.out.write(paint('dim', lastLine(by)))
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
  // What Redis says when it is away is in the answer.
  const redis = await tablesFor(loaded, harakaDir, () => undefined)
  try {
    const snapshot = await makeSnapshot(loaded, users, harakaDir, notRunning(warn, redis))
    return show(await traceRoute(snapshot, question), 'files')
  } catch (error) {
    if (!(error instanceof ConfigurationError)) throw error
    warn(error.message)
    return EXIT.problems
  } finally {
    users.close()
    redis?.close()
  }
}
