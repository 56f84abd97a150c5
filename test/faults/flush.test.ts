import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import type { HarakaVersion } from '../support/haraka.js'
import { flushing, type FlushVictim } from './flush-round.js'
import { startFlushSite, type FlushSite } from './flush-site.js'
import { seeded, seedOfRun } from './random.js'

interface Row {
  readonly version: HarakaVersion
  readonly nodes: number
  readonly victim: FlushVictim
  readonly rounds: number
}

const ROWS: readonly Row[] = [
  { version: '3.3', nodes: 3, victim: 'worker', rounds: 6 },
  { version: '3.3', nodes: 3, victim: 'all', rounds: 4 },
  { version: '3.3', nodes: 3, victim: 'master', rounds: 3 },
  { version: '3.1', nodes: 1, victim: 'worker', rounds: 3 },
  { version: '3.1', nodes: 0, victim: 'all', rounds: 3 },
]

for (const { version, nodes, victim, rounds } of ROWS) {
  describe(`Haraka ${version} with nodes=${nodes}, kill -9 of ${victim} while suspended mail is let go`, () => {
    const seed = seedOfRun()
    const random = seeded(seed)
    let running: FlushSite
    let flushes: ReturnType<typeof flushing>
    before(async () => {
      running = await startFlushSite(version, nodes, rounds, random)
      flushes = flushing(running, victim, random)
    })
    after(() => running.close())

    for (let number = 1; number <= rounds; number++) {
      it(`round ${number}: every message arrives, and twice only what was in flight`, async (t) => {
        t.diagnostic(`DMAIL_TEST_SEED=${seed}`)
        await flushes.round()
        if (number < rounds) return
        t.diagnostic(JSON.stringify(flushes.tally))
        assert.ok(flushes.tally.between > 0, 'at least one kill came between the first message and the last')
      })
    }
  })
}
