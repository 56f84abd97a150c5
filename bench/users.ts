import { CASES } from './cases.js'
import { measureLookups } from './lookups.js'
import { readOptions } from './options.js'
import { report } from './report.js'
import { runRounds } from './rounds.js'
import { startSuiteAsking } from './servers.js'
import { startModules } from './user-modules.js'

const USERS = 10_000

/*
 * `npm run bench:users`: look-ups per second of each bundled module, asked and from the cache; then mail to 100 mailboxes with a
 * cache that knows all of them, against one that is off, so that every message waits for the module.
 */
async function main(): Promise<void> {
  const options = { ...readOptions(process.argv.slice(2)), kept: [true] }
  const cases = CASES.filter(({ name }) => name === '100 mailboxes')
  const modules = await startModules(USERS)
  try {
    await measureLookups(modules, { users: USERS, rounds: options.rounds })
    for (const { name, argv } of modules) {
      const process = `authent_process ${argv.join(' ')}`
      const warm = await startSuiteAsking(`${name}, cached`, [process])
      const cold = await startSuiteAsking(`${name}, asked`, [process, 'auth_nocache true'])
      try {
        report(await runRounds([warm, cold], cases, options), warm.name, undefined)
      } finally {
        for (const server of [warm, cold]) await server.stop()
      }
    }
  } finally {
    for (const module of modules) await module.stop()
  }
}

main().catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`)
  process.exitCode = 1
})
