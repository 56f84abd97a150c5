import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { HARAKA_VERSIONS, type Haraka } from '../support/haraka.js'
import { makeSite, RELAYING, reload, session, siteConf, siteIni, startSite, users } from './site.js'

interface Row {
  readonly it: string
  readonly line: string
  readonly client?: string
  readonly answer: readonly string[]
}

const UNKNOWN = '550 5.1.1 nobody@domain1.com: there is no such user here'
const UNTOLD = '252 2.5.0 This is not told here, but mail is taken or refused when it is sent'

const ROWS: readonly Row[] = [
  { it: 'a user', line: 'VRFY bob', answer: ['250 2.1.5 <bob@domain1.com>'] },
  { it: 'an address', line: 'vrfy <bob@domain1.com>', answer: ['250 2.1.5 <bob@domain1.com>'] },
  { it: 'nobody', line: 'VRFY nobody', answer: [UNKNOWN] },
  { it: 'an alias of one user', line: 'VRFY boss', answer: ['250 2.1.5 <bob@domain1.com>'] },
  { it: 'a list, without its members', line: 'VRFY sales', answer: ['250 2.1.5 <sales@domain1.com>'] },
  {
    it: 'a user who has moved',
    line: 'VRFY moved',
    answer: ['251 2.1.5 User not local; will forward to <moved@example.com>'],
  },
  { it: 'a robot, without its name', line: 'VRFY robot', answer: ['250 2.1.5 <robot@domain1.com>'] },
  {
    it: 'an address elsewhere',
    line: 'VRFY guest@example.com',
    answer: ['550 5.7.1 guest@example.com: relaying is not permitted, this domain is not served here'],
  },
  { it: 'an address elsewhere to who may relay', line: 'VRFY guest@example.com', client: RELAYING, answer: [UNTOLD] },
  { it: 'nothing', line: 'VRFY', answer: ['501 5.5.4 Name a user or an address'] },
  {
    it: 'a list',
    line: 'EXPN sales',
    answer: ['250 2.1.5 <bob@domain1.com>', '250 2.1.5 <fred@domain1.com>', '250 2.1.5 <moved@example.com>'],
  },
  { it: 'a user', line: 'expn bob', answer: ['250 2.1.5 <bob@domain1.com>'] },
  { it: 'a robot', line: 'EXPN robot', answer: [UNTOLD] },
  { it: 'nobody', line: 'EXPN nobody', answer: [UNKNOWN] },
  { it: 'nothing', line: 'EXPN', answer: ['501 5.5.4 Name a user or an address'] },
]

for (const version of HARAKA_VERSIONS) {
  describe(`VRFY and EXPN on Haraka ${version}`, () => {
    const site = makeSite()
    let haraka: Haraka
    before(async () => {
      site.write('users.txt', users('bob', 'fred'))
      site.write('aliases', 'boss: bob\nsales: bob, fred, moved\nmoved: moved@example.com\nrobot: |/bin/true\n')
      haraka = await startSite(version, siteConf(site, [`alias_file ${site.path('aliases')}`]), {
        config: { 'dmail.ini': siteIni('[access]\nvrfy=true\n') },
      })
    })
    after(() => haraka.stop())

    const say = (line: string, client = '127.0.0.1'): Promise<string[]> =>
      session(haraka.port, { localAddress: client }, async (client) => {
        const { code, lines } = await client.command(line)
        return lines.map((text) => `${code} ${text}`)
      })

    for (const { it: what, line, client, answer } of ROWS) {
      it(`${line}: ${what}`, async () => {
        assert.deepEqual(await say(line, client), answer)
      })
    }

    it('leave a message that is being sent alone', async () => {
      await session(haraka.port, {}, async (client) => {
        await client.mail('ann@example.com')
        assert.equal((await client.command('VRFY nobody')).code, 550)
        assert.equal((await client.command('EXPN nobody')).code, 550)
        assert.equal((await client.rcpt('bob@domain1.com')).code, 250)
      })
    })

    it('tell nothing without [access] vrfy=true', async () => {
      haraka.write('config/dmail.ini', siteIni())
      assert.ok(await reload(haraka))
      for (const line of ['VRFY bob', 'VRFY nobody', 'VRFY', 'EXPN sales', 'EXPN nobody', 'EXPN']) {
        assert.deepEqual(await say(line), [UNTOLD], line)
      }
    })
  })
}
