/**
 * Holds a user module against the line protocol: `npm run test:authent -- [options] PROGRAM [ARGS]`. See docs/users.md.
 */
import { errorText } from '../../lib/error.js'
import { EXPECTATIONS, NotOffered, type KnownUsers } from './expectations.js'
import { startModule, type ModuleProgram } from './session.js'

const USAGE = `usage: npm run test:authent -- --user NAME --password WORD [--missing NAME] [--timeout SECONDS] [--writes] PROGRAM [ARGS]

NAME and WORD are those of a user the module knows; in the environment: AUTHENT_USER, AUTHENT_PASSWORD.
--missing   a name that no user has (default: no.such.user)
--timeout   how long an answer may take (default: 10, as authent_timeout)
--writes    also set and delete the user of --missing
`

interface Options {
  readonly known: KnownUsers
  readonly program: ModuleProgram
  readonly writes: boolean
}

function readOptions(argv: readonly string[]): Options | undefined {
  const rest = [...argv]
  const values = new Map([
    ['--user', process.env['AUTHENT_USER'] ?? ''],
    ['--password', process.env['AUTHENT_PASSWORD'] ?? ''],
    ['--missing', 'no.such.user'],
    ['--timeout', '10'],
  ])
  let writes = false
  while (rest[0]?.startsWith('--') === true) {
    const option = rest.shift() ?? ''
    if (option === '--writes') writes = true
    else if (values.has(option)) values.set(option, rest.shift() ?? '')
    else return undefined
  }
  const [program, ...args] = rest
  const [user = '', password = '', missing = '', timeout] = [...values.values()]
  const timeoutMs = Number(timeout) * 1000
  if (program === undefined || [user, password, missing].includes('') || !(timeoutMs > 0)) return undefined
  return {
    known: { user, password, missing },
    program: { argv: [program, ...args], timeoutMs, cwd: process.env['INIT_CWD'] },
    writes,
  }
}

async function main(): Promise<void> {
  const options = readOptions(process.argv.slice(2))
  if (options === undefined) {
    process.stderr.write(USAGE)
    process.exitCode = 2
    return
  }
  const { known, program, writes } = options
  const asked = EXPECTATIONS.filter(({ part }) => writes || part !== 'writes')
  let failed = 0
  for (const { title, run } of asked) {
    const module = startModule(program)
    try {
      await run(module, known)
      console.log(`ok      ${title}`)
    } catch (error) {
      // The simple protocol is enough for the suite.
      if (error instanceof NotOffered) console.log(`without ${title}`)
      else {
        failed++
        console.log(`FAILED  ${title}\n        ${errorText(error).replaceAll('\n', '\n        ')}`)
      }
    } finally {
      module.kill()
    }
  }
  console.log(failed === 0 ? 'The module keeps the protocol.' : `${failed} of ${asked.length} failed.`)
  process.exitCode = failed === 0 ? 0 : 1
}

main().catch((error: unknown) => {
  console.error(error)
  process.exitCode = 1
})
