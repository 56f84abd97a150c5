import assert from 'node:assert/strict'
import path from 'node:path'
import { test } from 'node:test'
import { freePort } from '../support/ports.js'
import { preloading } from '../support/preload.js'
import { makeSite, siteConf, startSite, users } from './site.js'

for (const [version, nodes] of [
  ['3.3', undefined],
  ['3.1', 0],
] as const) {
  test(`Haraka ${version}: where Express is missing the log says so, and not that there is a page`, async () => {
    const site = makeSite()
    site.write('users.txt', users('bob'))
    const haraka = await startSite(version, siteConf(site), {
      config: { 'http.ini': `listen=127.0.0.1:${await freePort()}\n` },
      env: preloading(path.join(__dirname, '../support/no-express-preload.js')),
      ...(nodes === undefined ? {} : { nodes }),
    })
    const line = await haraka.waitForLog(/dmail: there is no page/)
    assert.ok(line.includes(`run "npm install express" in ${haraka.dir} and restart Haraka`), line)
    await haraka.waitForLog(/express failed to load/)
    assert.doesNotMatch(haraka.log, /the page is at/)
    await haraka.stop()
  })
}
