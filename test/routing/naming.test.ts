import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { given, mailbox, people, table, withSite } from './support.js'

const VDOMAIN = 'vdomain dom2 @dom2 domain2.com {dir}/in2'

table('U4: the returned name decides the drop file', {
  'where it is another one': given({ people: { bob: { returned: 'Robert' } } })
    .route('bob@domain1.com')
    .goesTo(mailbox('Robert', '{dir}/in/Robert')),
  'not where it only differs in case (R18)': given({ people: { bob: { returned: 'BOB' } } })
    .route('bob@domain1.com')
    .goesTo(mailbox('BOB', '{dir}/in/bob')),
  'with its domain, where a module answers in full': given({ people: { bob: { returned: 'bob@domain1.com' } } })
    .route('bob@domain1.com')
    .goesTo(mailbox('bob@domain1.com', '{dir}/in/bob')),
  'with the prefix of a vdomain': given({ conf: VDOMAIN, people: { dom2_bob: { returned: 'dom2_robert' } } })
    .route('bob@domain2.com')
    .goesTo(mailbox('dom2_robert', '{dir}/in2/dom2_robert')),
  'a name that cannot be a drop file is a fault of the module': given({ people: { bob: { returned: 'fred.fwd' } } })
    .route('bob@domain1.com')
    .isRefused(451, '4.3.0'),
})

table('U5: a drop file in the reply', {
  'is taken as it is': given({ people: { bob: { dropFile: 'in/b/robert' } } })
    .route('bob@domain1.com')
    .goesTo(mailbox('bob', '{dir}/in/b/robert')),
  'has its forward file beside it': given({
    people: { bob: { dropFile: 'in/b/robert' } },
    files: { 'in/b/robert.fwd': 'fred@domain2.com' },
  })
    .route('bob@domain1.com')
    .goesTo({ kind: 'remote', address: 'fred@domain2.com', via: null }),
})

describe('U5: folders that may be made for a drop file', () => {
  it('lie below the longest drop directory that holds it', async () => {
    const site = {
      conf: 'drop_path {dir}/in\nvdomain dom2 @dom2 domain2.com {dir}/in/dom2',
      people: { bob: { dropFile: 'in/dom2/x/bob' } },
    }
    await withSite(site, async ({ route: ask, dir }) => {
      const { destinations } = await ask('bob@domain1.com')
      assert.deepEqual(
        destinations.map(({ destination }) => ('root' in destination ? destination.root : undefined)),
        [`${dir}/in/dom2`],
      )
    })
  })
})

const hashed = (method: string): string => `hash_spool ${method}`

table('D6: names of drop files', {
  'main domain: the user': given({ people: people('bob') })
    .route('bob@domain1.com')
    .goesTo(mailbox('bob', '{dir}/in/bob')),
  'hash_spool 0: no folders': given({ conf: hashed('0'), people: people('bob') })
    .route('bob@domain1.com')
    .goesTo(mailbox('bob', '{dir}/in/bob')),
  'hash_spool 1: one letter': given({ conf: hashed('1'), people: people('bob') })
    .route('bob@domain1.com')
    .goesTo(mailbox('bob', '{dir}/in/b/bob')),
  'hash_spool 2: two letters': given({ conf: hashed('2'), people: people('bob') })
    .route('bob@domain1.com')
    .goesTo(mailbox('bob', '{dir}/in/b/o/bob')),
  'hash_spool 2: _ where there is no letter or digit': given({ conf: hashed('2'), people: people('j') })
    .route('j@domain1.com')
    .goesTo(mailbox('j', '{dir}/in/j/_/j')),
  'hash_spool 2: of the name with the prefix': given({
    conf: `${hashed('2')}\nvdomain d @d domain2.com {dir}/in`,
    people: people('d_bob'),
  })
    .route('bob@domain2.com')
    .goesTo(mailbox('d_bob', '{dir}/in/d/_/d_bob')),
  'hash_spool scan: where the file is': given({
    conf: hashed('scan'),
    people: people('bob'),
    files: { 'in/t/y/bob': '' },
  })
    .route('bob@domain1.com')
    .goesTo(mailbox('bob', '{dir}/in/t/y/bob')),
  'hash_spool scan: a new one by new_hash': given({
    conf: hashed('scan'),
    ini: '[drop]\nnew_hash=1',
    people: people('bob'),
  })
    .route('bob@domain1.com')
    .goesTo(mailbox('bob', '{dir}/in/b/bob')),
  'vdomain: prefix and user, in its own directory': given({ conf: VDOMAIN, people: people('dom2_bob') })
    .route('bob@domain2.com')
    .goesTo(mailbox('dom2_bob', '{dir}/in2/dom2_bob')),
  'vdomain_separator joins them': given({ conf: `${VDOMAIN}\nvdomain_separator %`, people: people('dom2%bob') })
    .route('bob@domain2.com')
    .goesTo(mailbox('dom2%bob', '{dir}/in2/dom2%bob')),
  'drop_prefix false: the user alone': given({ conf: `${VDOMAIN}\ndrop_prefix false`, people: people('dom2_bob') })
    .route('bob@domain2.com')
    .goesTo(mailbox('dom2_bob', '{dir}/in2/bob')),
  'authent_domain true: the directory is asked for user@domain': given({
    conf: `${VDOMAIN}\nauthent_domain true`,
    people: people('bob@domain1.com', 'bob@domain2.com'),
  })
    .route('bob@domain1.com')
    .goesTo(mailbox('bob@domain1.com', '{dir}/in/bob')),
  'authent_domain true: the prefix stays in the file of a vdomain': given({
    conf: `${VDOMAIN}\nauthent_domain true`,
    people: people('bob@domain1.com', 'bob@domain2.com'),
  })
    .route('bob@domain2.com')
    .goesTo(mailbox('bob@domain2.com', '{dir}/in2/dom2_bob')),
  'authent_domain true: a second host_domain is asked for at the first': given({
    conf: 'host_domain domain1.com\nhost_domain domain2.com\nauthent_domain true',
    people: people('bob@domain1.com'),
  })
    .route('bob@domain2.com')
    .goesTo(mailbox('bob@domain1.com', '{dir}/in/bob')),
  'authent_domain true: a user may be called like the prefix': given({
    conf: `${VDOMAIN}\nauthent_domain true`,
    people: people('dom2_bob@domain2.com'),
  })
    .route('dom2_bob@domain2.com')
    .goesTo(mailbox('dom2_bob@domain2.com', '{dir}/in2/dom2_dom2_bob')),
  'alt_drop_path: another directory for a domain': given({
    conf: `authent_method unix_user\n${VDOMAIN}\nalt_drop_path domain1.com {dir}/alt1\nalt_drop_path domain2.com {dir}/alt2`,
    people: people('bob', 'dom2_bob'),
  })
    .route('bob@domain2.com')
    .goesTo(mailbox('dom2_bob', '{dir}/alt2/dom2_bob')),
  'alt_drop_path: also for the main domain': given({
    conf: 'authent_method unix_user\nalt_drop_path domain1.com {dir}/alt1',
    people: people('bob'),
  })
    .route('bob@domain1.com')
    .goesTo(mailbox('bob', '{dir}/alt1/bob')),
  'alt_drop_path: not with an external module': given({
    conf: 'authent_method external\nalt_drop_path domain1.com {dir}/alt1',
    people: people('bob'),
  })
    .route('bob@domain1.com')
    .goesTo(mailbox('bob', '{dir}/in/bob')),
  'users of two domains stay apart in one directory': given({
    conf: 'vdomain dom2 @dom2 domain2.com {dir}/in',
    people: people('bob', 'dom2_bob'),
  })
    .route('bob@domain2.com')
    .goesTo(mailbox('dom2_bob', '{dir}/in/dom2_bob')),
})
