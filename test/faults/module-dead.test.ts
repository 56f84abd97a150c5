import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { after, before, describe, it } from 'node:test'
import { makeSite, note, session, siteConf, startSite, users } from '../e2e/site.js'
import { HARAKA_VERSIONS, type Haraka } from '../support/haraka.js'
import { faultIni } from './site.js'

const NAMES = Array.from({ length: 20 }, (_, n) => `user${n}`)
const CLIENTS = 6
const KILLS = 8
/** Answers between two kills. */
const BETWEEN = 15

for (const version of HARAKA_VERSIONS) {
  describe(`Haraka ${version} and a user module that is killed while mail flows`, () => {
    const site = makeSite()
    let haraka: Haraka
    before(async () => {
      site.write('users.txt', users(...NAMES))
      haraka = await startSite(version, siteConf(site, ['auth_nocache true', 'authent_number 2']), {
        config: { 'dmail.ini': faultIni(), 'log.ini': '[main]\nlevel=notice\n' },
      })
    })
    after(() => haraka.stop())

    it('every answer is 250 or 451, never 550, and what got 250 is there, once', async () => {
      const answers: number[] = []
      const taken: { subject: string; name: string }[] = []
      let kills = 0
      let number = 0
      /** Kills the module's processes now and then; true when it was often enough and mail flows again. */
      function isOver(): boolean {
        if (kills < KILLS && answers.length >= (kills + 1) * BETWEEN && killModules(haraka)) kills++
        return kills === KILLS && answers.slice(-BETWEEN).every((code) => code === 250)
      }
      async function client(): Promise<void> {
        await session(haraka.port, {}, async (smtp) => {
          while (!isOver()) {
            const subject = `n${++number}`
            const name = NAMES[number % NAMES.length] ?? ''
            await smtp.mail('ann@example.com')
            let { code } = await smtp.rcpt(`${name}@domain1.com`)
            if (code === 250) code = (await smtp.data(note(subject))).code
            else await smtp.command('RSET')
            answers.push(code)
            if (code === 250) taken.push({ subject, name })
          }
        })
      }
      await Promise.all(Array.from({ length: CLIENTS }, client))

      const others = answers.filter((code) => code !== 250 && code !== 451)
      assert.deepEqual(others, [])
      assert.ok(answers.includes(451), 'a kill was noticed')
      const there = NAMES.flatMap((name) =>
        site.mail(name).map((message) => `${name} ${message.header('Subject') ?? ''}`),
      )
      assert.deepEqual(there.sort(), taken.map(({ subject, name }) => `${name} ${subject}`).sort())
    })
  })
}

/** Kills every process of the user module; false when there is none. */
function killModules(haraka: Haraka): boolean {
  const modules = haraka.processes().filter((pid) => commandOf(pid).includes('authent/file.js'))
  for (const pid of modules) process.kill(pid, 'SIGKILL')
  return modules.length > 0
}

function commandOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'latin1')
  } catch {
    return ''
  }
}
