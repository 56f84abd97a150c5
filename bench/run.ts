import { readOptions } from './options.js'
import { report } from './report.js'
import { runRounds } from './rounds.js'
import { startDiscard, startSuite } from './servers.js'

/* `npm run bench`: the suite against Haraka that throws every message away, in one run with one load generator. */
async function main(): Promise<void> {
  const options = readOptions(process.argv.slice(2))
  const servers = [await startDiscard(), await startSuite()]
  try {
    report(await runRounds(servers, options.cases, options), 'discard', options.json)
  } finally {
    for (const server of servers) await server.stop()
  }
}

main().catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`)
  process.exitCode = 1
})
