import assert from 'node:assert/strict'
import { after, before, describe, it, type TestContext } from 'node:test'
import type { HarakaVersion } from '../support/haraka.js'
import { killing, type Killing, type Victim } from './kill-round.js'
import { startKillSite, type KillSite } from './kill-site.js'
import { seeded, seedOfRun } from './random.js'

/** Declares the tests of one server that is killed under load again and again. */
export function describeKilling(version: HarakaVersion, victim: Victim, rounds: number): void {
  const whom = victim === 'all' ? 'master and worker' : 'the worker'
  describe(`Haraka ${version}, kill -9 of ${whom} under load`, () => {
    const seed = seedOfRun()
    let running: KillSite
    let kills: Killing
    before(async () => {
      running = await startKillSite(version)
      kills = killing(running, victim, seeded(seed))
    })
    after(async () => {
      await running.haraka.stop()
    })

    for (let number = 1; number <= rounds; number++) {
      it(`round ${number}: what was acknowledged is there, whole and once`, async (t) => {
        t.diagnostic(`DMAIL_TEST_SEED=${seed}`)
        await kills.round().catch((error: unknown) => {
          throw keep(running, seed, error)
        })
        if (number < rounds) return
        report(t, kills)
        assert.ok(kills.tally.torn > 0, 'at least one message was torn by a kill')
      })
    }
  })
}

function report(t: TestContext, { tally }: Killing): void {
  t.diagnostic(
    Object.entries(tally)
      .map(([name, count]) => `${name} ${String(count)}`)
      .join(', '),
  )
}

/** The directories stay, and the error says where they are. */
function keep({ site, haraka }: KillSite, seed: number, error: unknown): Error {
  process.env['DMAIL_TEST_KEEP'] = '1'
  const tail = haraka.log.split('\n').slice(-60).join('\n')
  const said = error instanceof Error ? error.message : String(error)
  return new Error(`${said}\nDMAIL_TEST_SEED=${seed}, kept: ${site.dir} and ${haraka.dir}\n${tail}`, { cause: error })
}
