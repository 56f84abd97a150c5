import { chmodSync, mkdirSync } from 'node:fs'
import path from 'node:path'
import { atExit, tempDir } from '../test/support/cleanup.js'
import { makeAccounts } from './accounts.js'
import { readOptions } from './options.js'
import { installPostfix, startPostfix } from './postfix.js'
import { report } from './report.js'
import { runRounds } from './rounds.js'
import { startDiscard, startUnixSuite, type BenchServer } from './servers.js'

/*
 * `npm run bench:peers`: the suite against Debian's Postfix, in one run with the same accounts, aliases, `.forward` files
 * and pipe, measured until every message is in its mailbox; Haraka that throws mail away is the third, for comparison.
 */
async function main(): Promise<void> {
  if (process.getuid?.() !== 0) throw new Error('bench:peers makes system accounts and runs Postfix: start it as root')
  const options = readOptions(process.argv.slice(2))
  const cases = options.cases.filter(({ bytes }) => bytes < 1024 * 1024)
  installPostfix()
  const site = tempDir('peers')
  chmodSync(site, 0o755)
  for (const name of ['postfix', 'suite', 'home']) mkdirSync(path.join(site, name))
  const accounts = makeAccounts(path.join(site, 'home'))
  const forget = atExit(() => {
    accounts.remove()
  })
  const servers: BenchServer[] = []
  try {
    servers.push(await startPostfix(path.join(site, 'postfix')))
    servers.push(await startUnixSuite(path.join(site, 'suite')), await startDiscard())
    report(await runRounds(servers, cases, options), 'postfix', options.json)
  } finally {
    for (const server of servers) await server.stop()
    accounts.remove()
    forget()
  }
}

main().catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`)
  process.exitCode = 1
})
