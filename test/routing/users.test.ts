import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { route } from '../../lib/routing/route.js'
import type { World } from '../../lib/routing/tables.js'
import { given, mailbox, people, table, withSite, type OpenSite, type Person } from './support.js'

const ALIASES = 'alias_file_domain domain1.com {dir}/config/aliases.txt'
const down: Record<string, Person> = { ...people('bob'), fred: { fails: true } }

table('U1: a failed look-up defers the recipient, wherever it happens', {
  'of the recipient': given({ people: down }).route('fred@domain1.com').isRefused(451, '4.3.0'),
  'of the target of a forward rule': given({ people: down, conf: 'forward bob@domain1.com fred@domain1.com' })
    .route('bob@domain1.com')
    .isRefused(451, '4.3.0'),
  'of one of many targets of an alias': given({
    people: down,
    conf: ALIASES,
    files: { 'config/aliases.txt': 'sales: bob, fred, x@domain2.com' },
  })
    .route('sales@domain1.com')
    .isRefused(451, '4.3.0'),
  'of $user': given({ people: down, conf: ALIASES, files: { 'config/aliases.txt': 'fred: bob, $user' } })
    .route('fred@domain1.com')
    .isRefused(451, '4.3.0'),
  'of a target in a fwd field': given({ people: { ...down, bob: { fwd: '$user,fred' } } })
    .route('bob@domain1.com')
    .isRefused(451, '4.3.0'),
  'of \\fred in a forward file': given({ people: down, files: { 'in/bob.fwd': '\\fred' } })
    .route('bob@domain1.com')
    .isRefused(451, '4.3.0'),
  'of sysadmin, for postmaster': given({ people: down, conf: 'sysadmin fred@domain1.com' })
    .route('postmaster@domain1.com')
    .isRefused(451, '4.3.0'),
  'a forward rule that leaves needs no look-up': given({ people: down, conf: 'forward fred@domain1.com x@domain2.com' })
    .route('fred@domain1.com')
    .goesTo({ kind: 'remote', address: 'x@domain2.com', via: null }),
  'an alias file that cannot be read defers as well': given({
    people: down,
    conf: 'alias_file_domain domain1.com {dir}/config',
    broken: true,
  })
    .route('bob@domain1.com')
    .isRefused(451, '4.3.0'),
  'a list that an alias includes and cannot be read defers it': given({
    people: people('bob', 'team'),
    conf: 'alias_file_domain domain1.com {dir}/config/aliases.txt',
    files: { 'config/aliases.txt': 'team: bob, :include:{dir}/config' },
    broken: true,
  })
    .route('team@domain1.com')
    .isRefused(451, '4.3.0'),
  "but not the recipients of another domain's files": given({
    people: people('dom2_bob'),
    conf: 'alias_file_domain domain1.com {dir}/config\nvdomain dom2 @dom2 domain2.com {dir}/in',
    broken: true,
  })
    .route('bob@domain2.com')
    .goesTo(mailbox('dom2_bob')),
  'an alias found before the file that cannot be read counts': given({
    people: down,
    conf: `${ALIASES}\nalias_file {dir}/config`,
    files: { 'config/aliases.txt': 'sales: $user, x@domain2.com\nbob: $user' },
    broken: true,
  })
    .route('bob@domain1.com')
    .goesTo(mailbox('bob')),
})

describe('U1: other faults of the outside', () => {
  const ask = ({ snapshot: { tables, world } }: OpenSite, fault: Partial<World>, text = 'bob@domain1.com') =>
    route(tables, { ...world, ...fault }, text, { ip: undefined, sender: undefined, trusted: false })

  const faults: Record<string, Partial<World>> = {
    'a forward file that cannot be read': {
      readForwardFile: () => Promise.resolve({ kind: 'unavailable', detail: 'EIO: i/o error' }),
    },
    'a drop directory that cannot be searched': { dropFile: () => Promise.reject(new Error('EIO: i/o error')) },
  }
  for (const [name, fault] of Object.entries(faults)) {
    it(`${name} defers; the sender sees no path, the log does`, async () => {
      await withSite({ people: people('bob') }, async (site) => {
        const decided = await ask(site, fault)
        assert.ok(!decided.accepted)
        assert.equal(`${decided.reply.code} ${decided.reply.enhanced}`, '451 4.3.0')
        assert.match(decided.detail ?? '', /EIO/)
        assert.ok(!decided.reply.text.includes(site.dir) && !decided.reply.text.includes('EIO'))
      })
    })
  }

  it('a drop directory that cannot be searched defers postmaster too', async () => {
    await withSite({}, async (site) => {
      const decided = await ask(site, { dropFile: () => Promise.reject(new Error('EIO')) }, 'postmaster')
      assert.equal(decided.reply.code, 451)
    })
  })
})
