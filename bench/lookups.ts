import { openDirectory } from '../lib/directory/index.js'
import type { UserDirectory } from '../lib/directory/types.js'
import { spreadOf, table } from './statistics.js'
import type { BenchModule } from './user-modules.js'

const AT_ONCE = 20
const CACHED_TIMES = 50

interface Rates {
  readonly asked: number
  readonly cached: number
}

/** Look-ups per second of each module, asked and from the cache, round after round; prints medians and ratios to the first. */
export async function measureLookups(
  modules: readonly BenchModule[],
  { users, rounds }: { readonly users: number; readonly rounds: number },
): Promise<void> {
  const measured = modules.map(({ name }) => ({ name, rates: [] as Rates[] }))
  for (let round = 0; round < rounds; round++) {
    for (const [at, { argv }] of modules.entries()) {
      measured[at]?.rates.push(await ratesOf(argv, users))
      process.stderr.write('.')
    }
  }
  const [first] = measured
  const rows = measured.map(({ name, rates }) => {
    const ratio = spreadOf(rates.map(({ asked }, round) => asked / (first?.rates[round]?.asked ?? Number.NaN)))
    return [
      name,
      spreadOf(rates.map(({ asked }) => asked)).median.toFixed(0),
      `${ratio.median.toFixed(2)} (${ratio.least.toFixed(2)}-${ratio.most.toFixed(2)})`,
      spreadOf(rates.map(({ cached }) => cached)).median.toFixed(0),
    ]
  })
  process.stdout.write(`\n${table(['look-ups', 'asked per s', `of ${first?.name ?? ''}`, 'cached per s'], rows)}\n`)
}

async function ratesOf(argv: readonly string[], users: number): Promise<Rates> {
  const directory = openDirectory({
    method: 'external',
    argv,
    number: 2,
    timeoutMs: 10_000,
    cacheSize: users,
    noCache: false,
    mapPath: (written) => ({ ok: true, path: written }),
    allowedDropFile: () => false,
    log: (level, text) => {
      if (level !== 'debug') process.stderr.write(`${text}\n`)
    },
  })
  try {
    // The processes are up, their connections too; then the cache is empty again.
    await lookUp(directory, users, users)
    directory.clear()
    const asked = await lookUp(directory, users, users)
    return { asked, cached: await lookUp(directory, users, users * CACHED_TIMES) }
  } finally {
    directory.close()
  }
}

/** So many look-ups, over all users; look-ups per second. */
async function lookUp(directory: UserDirectory, users: number, count: number): Promise<number> {
  let next = 0
  const began = process.hrtime.bigint()
  await Promise.all(
    Array.from({ length: AT_ONCE }, async () => {
      while (next < count) {
        const name = `u${next++ % users}`
        const { kind } = await directory.lookup(name)
        if (kind !== 'found') throw new Error(`${name} is ${kind}`)
      }
    }),
  )
  return count / (Number(process.hrtime.bigint() - began) / 1e9)
}
