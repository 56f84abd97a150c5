import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import path from 'node:path'
import { it } from 'node:test'
import { promisify } from 'node:util'
import { send } from '../support/smtp.js'
import { SETUPS, setupName } from './control-site.js'
import { codes, makeSite, note, siteConf, startSite, users } from './site.js'

for (const setup of SETUPS) {
  it(`dmail clear-cache: a new user gets mail at once, ${setupName(setup)}`, async () => {
    const site = makeSite()
    site.write('users.txt', users('bob'))
    const { version, nodes, processes } = setup
    const haraka = await startSite(version, siteConf(site), nodes === undefined ? {} : { nodes })
    try {
      const sendToAnn = async (): Promise<string> =>
        codes((await send(haraka.port, { from: 'x@example.com', to: ['ann@domain1.com'], message: note('new') })).final)
      // Often enough that every worker knows her not.
      for (let times = 0; times < 2 * processes; times++) assert.equal(await sendToAnn(), '550 5.1.1')
      site.write('users.txt', users('bob', 'ann'))
      assert.equal(await sendToAnn(), '550 5.1.1', 'it is believed for a while')
      const dmail = path.join(haraka.dir, 'node_modules/.bin/dmail')
      const { stdout } = await promisify(execFile)(dmail, ['clear-cache', '-c', haraka.dir])
      assert.equal(stdout, `the cache of user look-ups is empty in ${processes} worker${processes === 1 ? '' : 's'}\n`)
      for (let times = 0; times < 2 * processes; times++) assert.equal(await sendToAnn(), '250 2.0.0')
    } finally {
      await haraka.stop()
    }
  })
}
