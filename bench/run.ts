import { measure, type Measurement } from './measure.js'
import { readOptions } from './options.js'
import { report } from './report.js'
import { startDiscard, startSuite, type BenchServer } from './servers.js'

/* `npm run bench`: the suite against Haraka that throws every message away, in one run with one load generator. */
async function main(): Promise<void> {
  const options = readOptions(process.argv.slice(2))
  const servers = [await startDiscard(), await startSuite()]
  try {
    await warmUp(servers)
    const rounds: Measurement[][] = []
    for (let round = 0; round < options.rounds; round++) {
      const results: Measurement[] = []
      for (const bench of options.cases) {
        for (const kept of options.kept) {
          for (const server of servers) {
            results.push(await measure(server, bench, { ...options, kept }))
            process.stderr.write('.')
          }
        }
      }
      rounds.push(results)
    }
    report(rounds, 'discard', options.json)
  } finally {
    for (const server of servers) await server.stop()
  }
}

/** Compiled code is what runs on a server that has been up for a while. */
async function warmUp(servers: readonly BenchServer[]): Promise<void> {
  const bench = { name: 'warm-up', local: (n: number) => `u${n % 100}`, copies: 1, share: 1, bytes: 4096 }
  for (const server of servers) await measure(server, bench, { messages: 3000, clients: 10, kept: true })
}

main().catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`)
  process.exitCode = 1
})
