import assert from 'node:assert/strict'
import { chmodSync } from 'node:fs'
import { after, before, describe, it } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import { HARAKA_VERSIONS, type Haraka } from '../support/haraka.js'
import { send } from '../support/smtp.js'
import { codes, confOf, makeSite, note, startSite, type Site } from './site.js'

const ATTEMPTS = 200
const BETWEEN_MS = 100

/** What the module does, read anew for each question: see MODULE. */
const FAULTS = [
  { mode: 'exits', says: 'ends at once' },
  { mode: 'dead', says: 'answers -DEAD' },
  { mode: 'garbage', says: 'answers what is no reply' },
  { mode: 'halves', says: 'ends in the middle of an answer' },
] as const

for (const version of HARAKA_VERSIONS) {
  describe(`Haraka ${version} with an external user module`, () => {
    const site = makeSite()
    let haraka: Haraka
    before(async () => {
      site.write('mode', 'exits')
      haraka = await startSite(
        version,
        confOf(site, ['authent_method external', `authent_process ${moduleOf(site)}`, 'authent_timeout 1']),
      )
    })
    after(() => haraka.stop())

    let number = 0
    for (const { mode, says } of FAULTS) {
      it(`that ${says}: 451, and mail flows when it is mended, without a restart`, async () => {
        site.write('mode', mode)
        // A name of its own each time: what was found is kept for a while (U3).
        const name = `user${++number}`
        const broken = await attempt(haraka, name)
        assert.equal(broken, '451 4.3.0')
        assert.deepEqual(site.holding(name), [])

        site.write('mode', 'works')
        assert.equal(await attemptUntilTold(haraka, name), '250 2.0.0')
        assert.deepEqual(site.holding(name), [`in/${name}`])
      })
    }

    it('that says nothing within authent_timeout: 451, never "unknown user"', async () => {
      site.write('mode', 'silent')
      assert.equal(await attempt(haraka, 'quiet'), '451 4.3.0')
      site.write('mode', 'works')
      assert.equal(await attemptUntilTold(haraka, 'quiet'), '250 2.0.0')
    })

    it('that knows no such user: 550', async () => {
      assert.equal(await attemptUntilTold(haraka, 'nobody'), '550 5.1.1')
    })
  })
}

async function attempt(haraka: Haraka, name: string): Promise<string> {
  const { final } = await send(haraka.port, {
    from: 'ann@example.com',
    to: [`${name}@domain1.com`],
    message: note(name),
  })
  return codes(final)
}

/** As a sending server does it: again and again while the answer is 451. Ended processes are started again with a pause. */
async function attemptUntilTold(haraka: Haraka, name: string): Promise<string> {
  for (let left = ATTEMPTS; ; left--) {
    const answer = await attempt(haraka, name)
    if (!answer.startsWith('451') || left === 0) return answer
    await pause(BETWEEN_MS)
  }
}

/** A module in POSIX sh that does what the file `mode` says. */
function moduleOf(site: Site): string {
  site.write(
    'module',
    `#!/bin/sh
mode() { cat '${site.path('mode')}'; }
[ "$(mode)" = exits ] && exit 1
while read -r command name rest; do
  case "$(mode)" in
    exits) exit 1 ;;
    dead) echo '-DEAD the data base is down' ;;
    garbage) echo 'hello there' ;;
    halves) printf '+OK us'; exit 0 ;;
    silent) ;;
    *) case "$name" in
      nobody) echo '-ERR no such user' ;;
      *) echo "+OK $name config 0" ;;
    esac ;;
  esac
done
`,
  )
  chmodSync(site.path('module'), 0o755)
  return site.path('module')
}
