import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { after, before, describe, it } from 'node:test'
import { HARAKA_VERSIONS } from '../support/haraka.js'
import { PASSWORD, plainOf, startAuthSite, type AuthSite } from './auth-site.js'
import { codes, session } from './site.js'

for (const version of HARAKA_VERSIONS) {
  describe(`failed logins on Haraka ${version} with two workers`, () => {
    let running: AuthSite
    before(async () => {
      running = await startAuthSite(version, { nodes: 2, ini: 'user_failures=7/10m\n' })
    })
    after(() => running.close())

    /** One login in a session of its own: the workers take turns. */
    const logIn = (ip: string, name: string, password = PASSWORD): Promise<string> =>
      session(running.haraka.port, { localAddress: ip }, async (client) =>
        codes(await client.command(`AUTH PLAIN ${plainOf(name, password)}`)),
      )

    const asked = (name: string): number =>
      readFileSync(running.site.path('checked'), 'utf8')
        .split('\n')
        .filter((line) => line === name).length

    it('five from one address: it has to wait, whatever the password, and nobody else', async () => {
      for (let failed = 0; failed < 5; failed++) assert.equal(await logIn('127.0.0.11', `user${failed}`), '535 5.7.8')
      assert.equal(await logIn('127.0.0.11', 'ann'), '454 4.7.0')
      assert.equal(await logIn('127.0.0.12', 'ann'), '235 2.7.0')
    })

    it('at once as well: no more than five are tried', async () => {
      const answers = await Promise.all(Array.from({ length: 20 }, () => logIn('127.0.0.13', 'crowd', 'guess')))
      assert.deepEqual(answers.sort(), [...Array<string>(15).fill('454 4.7.0'), ...Array<string>(5).fill('535 5.7.8')])
      assert.equal(asked('crowd'), 5)
    })

    it('many right ones at once are all let in', async () => {
      const answers = await Promise.all(Array.from({ length: 20 }, () => logIn('127.0.0.14', 'ann')))
      assert.deepEqual(answers, Array<string>(20).fill('235 2.7.0'))
    })

    for (const name of ['bob', 'nobody']) {
      it(`seven with the name ${name}, from anywhere: it has to wait`, async () => {
        for (let failed = 0; failed < 7; failed++) {
          assert.equal(await logIn(`127.0.1.${failed}`, name, 'guess'), '535 5.7.8')
        }
        assert.equal(await logIn('127.0.1.100', name), '454 4.7.0')
        assert.equal(await logIn('127.0.1.100', 'ann'), '235 2.7.0')
      })
    }

    it('those of others do not keep out who logged in from the same address before', async () => {
      assert.equal(await logIn('127.0.0.15', 'eve@shop.example.com'), '235 2.7.0')
      for (let failed = 0; failed < 7; failed++) {
        assert.equal(await logIn(`127.0.2.${failed}`, 'eve@shop.example.com', 'guess'), '535 5.7.8')
      }
      assert.equal(await logIn('127.0.2.100', 'eve@shop.example.com'), '454 4.7.0')
      assert.equal(await logIn('127.0.0.15', 'eve@shop.example.com'), '235 2.7.0')
    })

    it('a data base that is away is no failure of the client', async () => {
      for (let times = 0; times < 7; times++) assert.equal(await logIn('127.0.0.16', 'away'), '454 4.3.0')
      assert.equal(await logIn('127.0.0.16', 'ann'), '235 2.7.0')
    })
  })
}
