import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import path from 'node:path'
import { after, before, describe, it } from 'node:test'
import { HARAKA_VERSIONS, type Haraka } from '../support/haraka.js'
import { send } from '../support/smtp.js'
import { codes, confOf, makeSite, note, startSite } from './site.js'

/** As NWAuth left it: crypt passwords, CRLF, a user who was changed since. */
const NWAUTH_TXT = '# domain1.com\r\nBob:abNANd1rDfiNc:fwd=""\r\nfred:abNANd1rDfiNc:fwd=""\r\n'
const NWAUTH_ADD = 'fred:abNANd1rDfiNc:fwd="$user,bob@domain1.com"\r\n'

const MODULE = 'node_modules/haraka-plugin-dmail/dist/authent/file.js'

for (const version of HARAKA_VERSIONS) {
  describe(`Haraka ${version} with a directory of NWAuth`, () => {
    const site = makeSite()
    let haraka: Haraka
    before(async () => {
      site.write('nwauth/nwauth.txt', NWAUTH_TXT)
      site.write('nwauth/nwauth.add', NWAUTH_ADD)
      const lines = ['authent_method external', `authent_process ${MODULE} -path ${site.path('nwauth')} -size 5 -log`]
      haraka = await startSite(version, confOf(site, [...lines, 'auth_nocache true']))
    })
    after(() => haraka.stop())

    async function attempt(name: string, subject: string): Promise<string> {
      const to = [`${name}@domain1.com`]
      const { final } = await send(haraka.port, { from: 'ann@example.com', to, message: note(subject) })
      return codes(final)
    }

    function command(args: readonly string[], input: string): number | null {
      const program = path.join(haraka.dir, MODULE)
      return spawnSync(program, ['-path', site.path('nwauth'), ...args], { input }).status
    }

    it('mail goes where its lines say, whatever the case of the name', async () => {
      assert.equal(await attempt('BOB', 'one'), '250 2.0.0')
      assert.deepEqual(site.holding('one'), ['in/bob'])
      assert.equal(await attempt('fred', 'two'), '250 2.0.0')
      assert.deepEqual(site.holding('two'), ['in/bob', 'in/fred'])
      assert.equal(await attempt('zoe', 'three'), '550 5.1.1')
    })

    it('a user who is added, changed and deleted by command counts at once', async () => {
      assert.equal(command(['add', 'zoe'], 'secret\n'), 0)
      assert.equal(await attempt('zoe', 'four'), '250 2.0.0')
      assert.deepEqual(site.holding('four'), ['in/zoe'])
      assert.equal(command(['set', 'zoe', 'fwd="bob@domain1.com"'], '\n'), 0)
      assert.equal(await attempt('zoe', 'five'), '250 2.0.0')
      assert.deepEqual(site.holding('five'), ['in/bob'])
      assert.equal(command(['delete', 'zoe'], ''), 0)
      assert.equal(await attempt('zoe', 'six'), '550 5.1.1')
    })
  })
}
