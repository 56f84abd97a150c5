import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { given, mailbox, people, remote, table, withSite } from './support.js'

const ALIASES = 'alias_file_domain domain1.com {dir}/config/aliases.txt'
const bob = { people: people('bob') }

describe('R10: a second host_domain', () => {
  const site = { conf: 'host_domain domain1.com\nhost_domain domain2.com', people: people('bob') }

  it('is the main domain for the look-up; Delivered-To keeps the address as given', async () => {
    await withSite(site, async ({ route }) => {
      const { destinations } = await route('Bob@Domain2.com')
      assert.deepEqual(
        destinations.map(({ found, redirected }) => [found.text, redirected]),
        [['Bob@Domain2.com', false]],
      )
    })
  })

  it('has no forward rules of the main domain: those are about addresses', async () => {
    const conf = `${site.conf}\nforward bob@domain1.com fred@domain3.com`
    await withSite({ ...site, conf }, async ({ report }) => {
      const { destinations } = await report('bob@domain2.com')
      assert.deepEqual(destinations, [mailbox('bob')])
    })
  })
})

table('R18: case of the local part', {
  'is no matter': given(bob).route('BOB@domain1.com').goesTo(mailbox('bob')),
  'nor in a forward rule': given({ ...bob, conf: 'forward Sales@Domain1.com bob@domain1.com' })
    .route('sALES@dOMAIN1.com')
    .goesTo(mailbox('bob')),
  'nor for letters beyond ASCII': given({ conf: 'forward Jürgen@domain1.com bob@domain1.com', ...bob })
    .route('JÜRGEN@domain1.com')
    .goesTo(mailbox('bob')),
})

const plus = '[routing]\nplus_address=+-'
const list = { ini: plus, people: people('bob', 'bob-list', 'bob+vip') }

table('R19: sub-addressing', {
  'is off by default': given(bob).route('bob+tag@domain1.com').isRefused(550, '5.1.1'),
  'leads to the user before the tag': given(list)
    .route('bob+tag@domain1.com')
    .goesTo(mailbox('bob'))
    .tells('plus-address', 'user'),
  'tries the exact name first': given(list).route('bob+vip@domain1.com').goesTo(mailbox('bob+vip')),
  'tries the exact name first, whatever the character': given(list)
    .route('bob-list@domain1.com')
    .goesTo(mailbox('bob-list')),
  'finds an alias without the tag': given({
    ini: plus,
    conf: ALIASES,
    people: people('bob'),
    files: { 'config/aliases.txt': 'sales: bob\nsales+eu: fred@domain2.com' },
  })
    .route('sales+us@domain1.com')
    .goesTo(mailbox('bob')),
  'finds an alias with the tag first': given({
    ini: plus,
    conf: ALIASES,
    people: people('bob'),
    files: { 'config/aliases.txt': 'sales: bob\nsales+eu: fred@domain2.com' },
  })
    .route('sales+eu@domain1.com')
    .goesTo(remote('fred@domain2.com')),
  'takes a user before a catch-all': given({
    ini: plus,
    conf: ALIASES,
    people: people('bob', 'fred'),
    files: { 'config/aliases.txt': '*: fred' },
  })
    .route('bob+tag@domain1.com')
    .goesTo(mailbox('bob')),
  'is only for what stands before a separator': given(list).route('+bob@domain1.com').isRefused(550, '5.1.1'),
})

const SYSADMIN = 'sysadmin fred@domain1.com\nvdomain dom2 @dom2 domain2.com {dir}/in'

table('R20: postmaster', {
  'goes to sysadmin': given({ conf: SYSADMIN, people: people('fred') })
    .route('postmaster@domain1.com')
    .goesTo(mailbox('fred'))
    .tells('postmaster', 'user'),
  'of a vdomain as well': given({ conf: SYSADMIN, people: people('fred') })
    .route('PostMaster@domain2.com')
    .goesTo(mailbox('fred')),
  'without a domain as well': given({ conf: SYSADMIN, people: people('fred') })
    .route('Postmaster')
    .goesTo(mailbox('fred')),
  'is a user where there is one': given({ conf: SYSADMIN, people: people('fred', 'postmaster') })
    .route('postmaster@domain1.com')
    .goesTo(mailbox('postmaster')),
  'is an alias where there is one': given({
    conf: `${SYSADMIN}\n${ALIASES}`,
    people: people('bob', 'fred'),
    files: { 'config/aliases.txt': 'postmaster: bob' },
  })
    .route('postmaster@domain1.com')
    .goesTo(mailbox('bob')),
  'does not end in a catch-all': given({
    conf: `${SYSADMIN}\n${ALIASES}`,
    people: people('bob', 'fred'),
    files: { 'config/aliases.txt': '*: bob' },
  })
    .route('postmaster@domain1.com')
    .goesTo(mailbox('fred')),
  'may leave to a sysadmin elsewhere': given({ conf: 'sysadmin admin@example.com' })
    .route('postmaster@domain1.com')
    .goesTo(remote('admin@example.com')),
  'has a drop file even when sysadmin leads nowhere': given({ conf: SYSADMIN })
    .route('postmaster@domain1.com')
    .goesTo(mailbox('postmaster'))
    .leavesOut('fred@domain1.com'),
  'has one of its own in a vdomain': given({ conf: SYSADMIN })
    .route('postmaster@domain2.com')
    .goesTo(mailbox('postmaster', '{dir}/in/dom2_postmaster')),
  'has one even when it is sysadmin itself': given({ conf: 'sysadmin postmaster@domain1.com' })
    .route('postmaster@domain1.com')
    .goesTo(mailbox('postmaster')),
  'is accepted even when its alias leads nowhere': given({
    conf: `${SYSADMIN}\n${ALIASES}`,
    people: people('fred'),
    files: { 'config/aliases.txt': 'postmaster: nobody' },
  })
    .route('postmaster@domain1.com')
    .goesTo(mailbox('fred'))
    .leavesOut('nobody@domain1.com'),
  'is accepted even when its forward rule leads nowhere': given({
    conf: `${SYSADMIN}\nforward postmaster@domain1.com nobody@domain1.com`,
    people: people('fred'),
  })
    .route('postmaster@domain1.com')
    .goesTo(mailbox('fred')),
  'of a foreign domain is nothing special': given({ conf: SYSADMIN, people: people('fred') })
    .route('postmaster@example.com')
    .isRefused(550, '5.7.1'),
})

const idn = { conf: 'host_domain bücher.example', people: people('bob') }

table('R21: forms of addresses', {
  'a U-label domain is local when its A-label is': given({ ...idn, conf: 'host_domain xn--bcher-kva.example' })
    .route('bob@bücher.example')
    .goesTo(mailbox('bob')),
  'an A-label domain is local when its U-label is': given(idn)
    .route('bob@xn--bcher-kva.example')
    .goesTo(mailbox('bob')),
  'labels are folded in any case': given(idn).route('bob@BÜCHER.example').goesTo(mailbox('bob')),
  'a gateway finds either form': given({ conf: 'gateway bücher.example 10.1.2.3' })
    .route('bob@xn--bcher-kva.example')
    .from({ trusted: true })
    .goesTo(remote('bob@xn--bcher-kva.example', '10.1.2.3:25')),
  'a quoted local part is the same as the bare one': given(bob).route('"bob"@domain1.com').goesTo(mailbox('bob')),
  'a quoted local part may have escapes': given(bob).route('"b\\ob"@domain1.com').goesTo(mailbox('bob')),
  'an SMTPUTF8 local part is a name like others': given({ people: people('jürgen') })
    .route('jürgen@domain1.com')
    .goesTo(mailbox('jürgen')),
  'percent hack': given(bob).route('bob%domain2.com@domain1.com').isRefused(550, '5.1.3'),
  'bang path': given(bob).route('domain2.com!bob@domain1.com').isRefused(550, '5.1.3'),
  'source route': given(bob).route('@domain1.com,@domain2.com:bob@domain3.com').isRefused(550, '5.1.3'),
  'an @ in a quoted local part': given(bob).route('"bob@domain2.com"@domain1.com').isRefused(550, '5.1.3'),
  'a percent hack through a foreign domain': given(bob)
    .route('bob%domain2.com@example.com')
    .from({ trusted: true })
    .isRefused(550, '5.1.3'),
  'no domain': given(bob).route('bob').isRefused(550, '5.1.3'),
  'no local part': given(bob).route('@domain1.com').isRefused(550, '5.1.3'),
  'nothing at all': given(bob).route('').isRefused(550, '5.1.3'),
  'two at signs': given(bob).route('bob@domain1.com@domain2.com').isRefused(550, '5.1.3'),
  'longer than 254 characters': given(bob)
    .route(`bob@${'a.'.repeat(130)}com`)
    .isRefused(550, '5.1.3'),
})

table('U2, U8: names that no user may have are not asked for', {
  'a blank': given(bob).route('"bob smith"@domain1.com').isRefused(550, '5.1.3'),
  'a quote': given(bob).route('"bob\\"smith"@domain1.com').isRefused(550, '5.1.3'),
  'a slash': given(bob).route('in/bob@domain1.com').isRefused(550, '5.1.3'),
  'a back-slash': given(bob).route('"in\\\\bob"@domain1.com').isRefused(550, '5.1.3'),
  'two dots': given(bob).route('"bob..fred"@domain1.com').isRefused(550, '5.1.3'),
  'a leading dot': given(bob).route('".bob"@domain1.com').isRefused(550, '5.1.3'),
  'a leading minus': given(bob).route('-bob@domain1.com').isRefused(550, '5.1.3'),
  "another user's forward file": given({ people: people('bob', 'bob.fwd') })
    .route('bob.fwd@domain1.com')
    .isRefused(550, '5.1.3'),
  "another user's lock file": given({ people: people('bob', 'bob.lock') })
    .route('bob.lock@domain1.com')
    .isRefused(550, '5.1.3'),
  'an alias may have such a name': given({
    conf: ALIASES,
    people: people('bob'),
    files: { 'config/aliases.txt': '"bob smith": bob' },
  })
    .route('"bob smith"@domain1.com')
    .goesTo(mailbox('bob')),
})
