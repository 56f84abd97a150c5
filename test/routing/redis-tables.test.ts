import { file, given, mailbox, people, remote, robot, table, type Row, type Site } from './support.js'

const INI = '[cluster]\nredis=true\n'

/** A site whose aliases for domain1.com are a table in Redis. */
function withAliases(aliases: Readonly<Record<string, string>>, site: Site = {}): Site {
  return {
    people: people('bob', 'fred', 'john'),
    ini: INI,
    ...site,
    conf: `alias_file_domain domain1.com redis:aliases:domain1.com\n${site.conf ?? ''}`,
    redis: { 'redis:aliases:domain1.com': aliases, ...site.redis },
  }
}

table('aliases in Redis', {
  'an alias is found, and the trace names its key': given(withAliases({ sales: 'fred, john@domain1.com' }))
    .route('sales@domain1.com')
    .goesTo(mailbox('fred'), mailbox('john'))
    .tells('alias redis:aliases:domain1.com[sales]', 'user', 'user'),
  'names are compared without regard to case': given(withAliases({ sales: 'fred' }))
    .route('SALES@Domain1.com')
    .goesTo(mailbox('fred')),
  'a name that needs quotes in a file has them in Redis': given(withAliases({ '"front desk"': 'fred' }))
    .route('"front desk"@domain1.com')
    .goesTo(mailbox('fred')),
  'user@domain comes before user': given(withAliases({ sales: 'fred', 'sales@domain1.com': 'john' }))
    .route('sales@domain1.com')
    .goesTo(mailbox('john')),
  'who has no alias gets the mail himself': given(withAliases({ sales: 'fred' }))
    .route('bob@domain1.com')
    .goesTo(mailbox('bob')),
  'who has neither is refused': given(withAliases({ sales: 'fred' }))
    .route('nobody@domain1.com')
    .isRefused(550, '5.1.1'),
  'a destination goes through the ladder again': given(
    withAliases({ sales: 'team', team: 'bob, john' }, { conf: 'forward_cc bob@domain1.com bob@domain2.com' }),
  )
    .route('sales@domain1.com')
    .goesTo(mailbox('bob'), mailbox('john'), remote('bob@domain2.com'))
    .tells(
      'alias redis:aliases:domain1.com[sales]',
      'alias redis:aliases:domain1.com[team]',
      'forward_cc dmail.conf:2',
    ),
  '$user keeps the own mailbox': given(withAliases({ bob: '$user, fred' }))
    .route('bob@domain1.com')
    .goesTo(mailbox('bob'), mailbox('fred')),
  'robots and files are written as in an alias file': given(
    withAliases({ help: '"|/opt/tracker --queue "first line"", /var/log/help.mbox' }),
  )
    .route('help@domain1.com')
    .goesTo(robot('/opt/tracker', '--queue', 'first line'), file('/var/log/help.mbox')),
  'one that leads to nobody is left out': given(withAliases({ sales: 'fred, ghost' }))
    .route('sales@domain1.com')
    .goesTo(mailbox('fred'))
    .leavesOut('ghost@domain1.com'),
  'aliases going round are refused as in files': given(withAliases({ a: 'b', b: 'a' }))
    .route('a@domain1.com')
    .isRefused(550, '5.4.6'),
})

table('catch-alls in Redis', {
  'the longest prefix comes first': given(withAliases({ '*': 'bob', 'sales-*': 'fred', 'sales-eu*': 'john' }))
    .route('sales-europe@domain1.com')
    .goesTo(mailbox('john'))
    .tells('catch-all redis:aliases:domain1.com[sales-eu*]', 'user'),
  'prefix*@domain comes before the same prefix*': given(withAliases({ 'sales*': 'fred', 'sales*@domain1.com': 'john' }))
    .route('sales-us@domain1.com')
    .goesTo(mailbox('john')),
  'a longer prefix comes before one with a domain': given(withAliases({ 'sales-*': 'fred', '*@domain1.com': 'john' }))
    .route('sales-us@domain1.com')
    .goesTo(mailbox('fred')),
  '* takes what is left': given(withAliases({ '*': 'bob', 'sales-*': 'fred' }))
    .route('nobody@domain1.com')
    .goesTo(mailbox('bob')),
  'an alias and a user come before it': given(withAliases({ '*': 'bob', sales: 'john' }))
    .route('fred@domain1.com')
    .goesTo(mailbox('fred')),
})

table('what is in Redis and cannot be read', {
  'a destination that is none defers the mail': given(withAliases({ sales: 'fred, two words' }))
    .route('sales@domain1.com')
    .isRefused(451, '4.3.0'),
  'so does a list that would have to be included': given(withAliases({ sales: 'fred, :include:/etc/passwd' }))
    .route('sales@domain1.com')
    .isRefused(451, '4.3.0'),
  'so does nothing at all': given(withAliases({ sales: ' ' }))
    .route('sales@domain1.com')
    .isRefused(451, '4.3.0'),
  'other names are not touched': given(withAliases({ sales: '*', bob: 'fred' }))
    .route('bob@domain1.com')
    .goesTo(mailbox('fred')),
})

/** R8 with a table in the place of one of its files. */
function order(conf: string, site: Site): Row {
  return given({ people: people('bob', 'fred', 'john'), ini: INI, ...site, conf }).route('sales@domain1.com')
}

const OWN = 'alias_file_domain domain1.com redis:own'
const ALL = 'alias_file_domain * redis:all'

table('R8: files and tables stand in one order', {
  'the table of the domain comes before a file for all': order(`${OWN}\nalias_file {dir}/config/last.txt`, {
    redis: { 'redis:own': { sales: 'bob' } },
    files: { 'config/last.txt': 'sales: fred' },
  }).goesTo(mailbox('bob')),
  'a file of the domain comes before a table for all': order(
    `alias_file_domain domain1.com {dir}/config/own.txt\n${ALL}`,
    { redis: { 'redis:all': { sales: 'fred' } }, files: { 'config/own.txt': 'sales: bob' } },
  ).goesTo(mailbox('bob')),
  'what the first table has not is looked for in the second, and then in a file': order(
    `${OWN}\n${ALL}\nalias_file {dir}/config/last.txt`,
    { redis: { 'redis:own': { x: 'bob' }, 'redis:all': { y: 'bob' } }, files: { 'config/last.txt': 'sales: john' } },
  ).goesTo(mailbox('john')),
  'alias_fallthrough false stops after the table of the domain': order(
    `${OWN}\nalias_file {dir}/config/last.txt\nalias_fallthrough false`,
    { redis: { 'redis:own': { x: 'bob' } }, files: { 'config/last.txt': 'sales: john' } },
  ).isRefused(550, '5.1.1'),
  'alias_file may be a table as well': order('alias_file redis:last', {
    redis: { 'redis:last': { sales: 'john' } },
  }).goesTo(mailbox('john')),
})

function withForwards(forwards: Readonly<Record<string, string>>, conf = ''): Site {
  return {
    people: people('bob', 'fred', 'john'),
    ini: INI,
    conf: `forward_table redis:forwards\n${conf}`,
    redis: { 'redis:forwards': forwards },
  }
}

table('forward_table', {
  'an address is sent elsewhere, and the trace names the key': given(
    withForwards({ 'info@domain1.com': 'bob@domain1.com' }),
  )
    .route('info@domain1.com')
    .goesTo(mailbox('bob'))
    .tells('forward redis:forwards[info@domain1.com]', 'user'),
  'several destinations all count': given(withForwards({ 'info@domain1.com': 'bob@domain1.com, fred@domain2.com' }))
    .route('info@domain1.com')
    .goesTo(mailbox('bob'), remote('fred@domain2.com')),
  'a name without a domain is at the main domain': given(withForwards({ 'info@domain1.com': 'bob' }))
    .route('info@domain1.com')
    .goesTo(mailbox('bob')),
  '$user keeps the own copy, as forward_cc does': given(withForwards({ 'bob@domain1.com': '$user, fred@domain2.com' }))
    .route('bob@domain1.com')
    .goesTo(mailbox('bob'), remote('fred@domain2.com')),
  'so does the address itself': given(withForwards({ 'bob@domain1.com': 'bob@domain1.com, fred@domain1.com' }))
    .route('bob@domain1.com')
    .goesTo(mailbox('bob'), mailbox('fred')),
  'the address comes before its domain': given(
    withForwards({ 'bob@domain1.com': 'fred@domain1.com', '*@domain1.com': 'john@domain2.com' }),
  )
    .route('bob@domain1.com')
    .goesTo(remote('john@domain2.com'))
    .tells('forward redis:forwards[bob@domain1.com]', 'forward redis:forwards[*@domain1.com]'),
  'the domain comes before everything': given(withForwards({ '*@domain1.com': 'x@domain2.com', '*': 'y@domain3.com' }))
    .route('bob@domain1.com')
    .goesTo(remote('y@domain3.com'))
    .tells('forward redis:forwards[*@domain1.com]', 'forward redis:forwards[*]'),
  'a foreign address is forwarded as well, for who may relay': given(
    withForwards({ 'x@example.com': 'bob@domain1.com' }),
  )
    .route('x@example.com')
    .from({ trusted: true })
    .goesTo(mailbox('bob'))
    .tells('relay', 'forward redis:forwards[x@example.com]'),
  'and gives no right to relay': given(withForwards({ 'x@example.com': 'bob@domain1.com' }))
    .route('x@example.com')
    .isRefused(550, '5.7.1'),
  'lines of dmail.conf come first, and both are applied': given(
    withForwards({ 'info@domain1.com': 'bob@domain1.com' }, 'forward info@domain1.com fred@domain1.com'),
  )
    .route('info@domain1.com')
    .goesTo(mailbox('fred'), mailbox('bob'))
    .tells('forward dmail.conf:2', 'user', 'forward redis:forwards[info@domain1.com]', 'user'),
  'a forward_cc line keeps the original from the table': given(
    withForwards({ 'bob@domain1.com': 'fred@domain1.com' }, 'forward_cc bob@domain1.com john@domain1.com'),
  )
    .route('bob@domain1.com')
    .goesTo(mailbox('bob'), mailbox('fred'), mailbox('john')),
  'two tables are both applied, in the order of their lines': given({
    people: people('bob', 'fred'),
    ini: INI,
    conf: 'forward_table redis:one\nforward_table redis:two',
    redis: { 'redis:one': { 'info@domain1.com': 'bob' }, 'redis:two': { 'info@domain1.com': 'fred' } },
  })
    .route('info@domain1.com')
    .goesTo(mailbox('bob'), mailbox('fred'))
    .tells('forward redis:one[info@domain1.com]', 'user', 'forward redis:two[info@domain1.com]', 'user'),
  'it comes before an alias of the same name': given({
    ...withForwards({ 'sales@domain1.com': 'bob@domain1.com' }),
    conf: 'forward_table redis:forwards\nalias_file redis:aliases',
    redis: { 'redis:forwards': { 'sales@domain1.com': 'bob' }, 'redis:aliases': { sales: 'fred' } },
  })
    .route('sales@domain1.com')
    .goesTo(mailbox('bob')),
  'an entry that cannot be read defers the mail': given(withForwards({ 'bob@domain1.com': 'fred, |' }))
    .route('bob@domain1.com')
    .isRefused(451, '4.3.0'),
})

table('tables without [cluster] redis=true', {
  'defer mail that may be for an alias': given({ ...withAliases({}), ini: '', broken: true })
    .route('bob@domain1.com')
    .isRefused(451, '4.3.0'),
  'and mail that may be forwarded': given({ ...withForwards({}), ini: '', broken: true })
    .route('bob@domain1.com')
    .isRefused(451, '4.3.0'),
})
