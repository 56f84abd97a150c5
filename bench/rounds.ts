import type { BenchCase } from './cases.js'
import { measure, type Measurement } from './measure.js'
import type { BenchOptions } from './options.js'
import type { BenchServer } from './servers.js'

/**
 * Compiled code is what runs on a server that has been up for a while, and Node goes on compiling for some ten thousand messages:
 * of what is measured before, up to a fifth is its compiler.
 */
const WARM_UP: BenchCase = {
  name: 'warm-up',
  local: (n) => `u${n % 100}`,
  copies: 1,
  share: 1,
  bytes: 4096,
}

/** Robots go another way. */
const ROBOTS = 1500

/** Warms the servers up, then measures every case on every server, round after round. */
export async function runRounds(
  servers: readonly BenchServer[],
  cases: readonly BenchCase[],
  options: BenchOptions,
): Promise<Measurement[][]> {
  const robots = cases.filter(({ name }) => name === 'robot').map((one) => ({ ...one, share: 1 }))
  for (const server of servers) {
    await measure(server, WARM_UP, { messages: 8000, clients: 10, kept: true })
    await measure(server, WARM_UP, { messages: 4000, clients: 10, kept: false })
    for (const robot of robots) await measure(server, robot, { messages: ROBOTS, clients: 10, kept: true })
  }
  const rounds: Measurement[][] = []
  for (let round = 0; round < options.rounds; round++) {
    const results: Measurement[] = []
    for (const bench of cases) {
      for (const kept of options.kept) {
        // By turns: what a server leaves behind, such as a disk that is still at it, meets each.
        for (const server of round % 2 === 0 ? servers : servers.toReversed()) {
          results.push(await measure(server, bench, { ...options, kept }))
          process.stderr.write('.')
        }
      }
    }
    rounds.push(results)
  }
  return rounds
}
