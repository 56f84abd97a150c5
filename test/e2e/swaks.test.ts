import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { it } from 'node:test'
import { promisify } from 'node:util'
import { HARAKA_VERSIONS } from '../support/haraka.js'
import { without } from '../support/tools.js'
import { makeSite, siteConf, startSite, users } from './site.js'

for (const version of HARAKA_VERSIONS) {
  it(`swaks sends a message to Haraka ${version}`, { skip: without('swaks') }, async () => {
    const site = makeSite()
    site.write('users.txt', users('bob', 'fred'))
    const haraka = await startSite(version, siteConf(site))
    try {
      const { stdout } = await promisify(execFile)('swaks', [
        ...['--server', `127.0.0.1:${haraka.port}`, '--from', 'ann@example.com'],
        ...['--to', 'bob@domain1.com,fred@domain1.com', '--header', 'Subject: by swaks', '--body', 'From swaks'],
      ])
      assert.match(stdout, /^<- {2}250 2\.0\.0 /m)
      assert.deepEqual(site.holding('by swaks'), ['in/bob', 'in/fred'])
      assert.match(site.mail('bob')[0]?.body ?? '', /^From swaks$/m)
    } finally {
      await haraka.stop()
    }
  })
}
