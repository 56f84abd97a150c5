import { given, mailbox, people, remote, robot, table, withAliases, type Row, type Site } from './support.js'

const VDOMAIN = 'vdomain dom2 @dom2 domain2.com {dir}/in'

const dom2: Site = { people: people('bob', 'fred', 'dom2_bob', 'dom2_fred') }

table('R5: destinations without a domain', {
  'in a forward rule: a user of the main domain': given({
    ...dom2,
    conf: `${VDOMAIN}\nforward bob@domain2.com fred`,
  })
    .route('bob@domain2.com')
    .goesTo(mailbox('fred')),
  'in an alias: a user of the domain it was found for': given({
    ...dom2,
    conf: `${VDOMAIN}\nalias_file {dir}/config/aliases.txt`,
    files: { 'config/aliases.txt': 'sales: fred' },
  })
    .route('sales@domain2.com')
    .goesTo(mailbox('dom2_fred')),
  'in a fwd field: a user of the domain of the user': given({
    conf: VDOMAIN,
    people: { dom2_bob: { fwd: 'fred' }, ...people('dom2_fred', 'fred') },
  })
    .route('bob@domain2.com')
    .goesTo(mailbox('dom2_fred')),
  'in a forward file: a user of the domain of the user': given({
    ...dom2,
    conf: VDOMAIN,
    files: { 'in/dom2_bob.fwd': 'fred' },
  })
    .route('bob@domain2.com')
    .goesTo(mailbox('dom2_fred')),
})

table('R6: alias files', {
  'keys are compared without regard to case': given(withAliases('Bob.Smith: bob'))
    .route('bob.SMITH@domain1.com')
    .goesTo(mailbox('bob')),
  'a key may have a domain, and then holds for that one': given({
    ...dom2,
    conf: `${VDOMAIN}\nalias_file {dir}/config/aliases.txt`,
    files: { 'config/aliases.txt': 'sales@domain2.com: bob@domain1.com\nsales: fred@domain1.com' },
  })
    .route('sales@domain2.com')
    .goesTo(mailbox('bob')),
  'a key given twice has the destinations of both lines': given(withAliases('sales: bob\nsales: fred'))
    .route('sales@domain1.com')
    .goesTo(mailbox('bob'), mailbox('fred')),
  'a list continues on lines that begin with a blank': given(withAliases('sales: bob,\n  fred\n# a comment\njohn: bob'))
    .route('sales@domain1.com')
    .goesTo(mailbox('bob'), mailbox('fred')),
  'quotes group a robot with its arguments in a list': given(withAliases('sales: "|drespond "a, b" c", bob'))
    .route('sales@domain1.com')
    .goesTo(robot('drespond', 'a, b', 'c'), mailbox('bob')),
  ':include: takes a list of destinations': given(
    withAliases('sales: :include:{dir}/config/team.txt', { files: { 'config/team.txt': 'bob\n# not now\nfred\n' } }),
  )
    .route('sales@domain1.com')
    .goesTo(mailbox('bob'), mailbox('fred')),
})

table('R7: nested aliases', {
  'a destination is looked up in the alias file again': given(withAliases('sales: team\nteam: bob, fred'))
    .route('sales@domain1.com')
    .goesTo(mailbox('bob'), mailbox('fred'))
    .tells('alias aliases.txt:1', 'alias aliases.txt:2', 'user'),
  'a destination meets the forward rules': given(withAliases('sales: bob', { conf: 'forward bob@* bob@domain2.com' }))
    .route('sales@domain1.com')
    .goesTo(remote('bob@domain2.com')),
  '$user is not aliased again': given(withAliases('bob: $user, fred'))
    .route('bob@domain1.com')
    .goesTo(mailbox('bob'), mailbox('fred')),
  'but the forward file of $user is consulted': given(
    withAliases('bob: $user, fred', { files: { 'in/bob.fwd': 'bob@domain2.com' } }),
  )
    .route('bob@domain1.com')
    .goesTo(remote('bob@domain2.com'), mailbox('fred')),
  'in an alias that another one names, $user is its own user': given(withAliases('sales: bob\nbob: $user, fred'))
    .route('sales@domain1.com')
    .goesTo(mailbox('bob'), mailbox('fred')),
  '$user where there is no such user is left out': given(withAliases('sales: $user, fred'))
    .route('sales@domain1.com')
    .goesTo(mailbox('fred'))
    .leavesOut('$user'),
})

/** Aliases for `sales` in the files of R8, most specific first. */
function aliasOrder(conf: string, own: string, everywhere: string, last: string): Row {
  const site = withAliases(own, {
    conf: `alias_file_domain * {dir}/config/all.txt\nalias_file {dir}/config/last.txt\n${conf}`,
    files: { 'config/all.txt': everywhere, 'config/last.txt': last },
  })
  return given(site).route('sales@domain1.com')
}

table('R8: look-up order of alias files', {
  'the file of the domain comes first, and only the first hit counts': aliasOrder(
    '',
    'sales: bob',
    'sales: fred',
    'sales: john',
  ).goesTo(mailbox('bob')),
  'alias_file_domain * comes before alias_file': aliasOrder('', 'x: bob', 'sales: fred', 'sales: john').goesTo(
    mailbox('fred'),
  ),
  'alias_file comes last': aliasOrder('', 'x: bob', 'x: fred', 'sales: john').goesTo(mailbox('john')),
  "alias_fallthrough false stops after the domain's own file": aliasOrder(
    'alias_fallthrough false',
    'x: bob',
    'sales: fred',
    'sales: john',
  ).isRefused(550, '5.1.1'),
  'alias_fallthrough false does not stop a domain without a file of its own': given({
    conf: 'alias_file {dir}/config/aliases.txt\nalias_fallthrough false',
    people: people('bob'),
    files: { 'config/aliases.txt': 'sales: bob' },
  })
    .route('sales@domain1.com')
    .goesTo(mailbox('bob')),
})

table('R9: catch-all', {
  'takes an address that no user has': given(withAliases('*: bob'))
    .route('nobody@domain1.com')
    .goesTo(mailbox('bob'))
    .tells('catch-all aliases.txt:1', 'user'),
  'a user comes before it': given(withAliases('*: bob')).route('fred@domain1.com').goesTo(mailbox('fred')),
  'an alias comes before it': given(withAliases('*: bob\nsales: john'))
    .route('sales@domain1.com')
    .goesTo(mailbox('john')),
  'the longest prefix comes first': given(withAliases('*: bob\nsales*: fred\nsales-eu*: john'))
    .route('sales-europe@domain1.com')
    .goesTo(mailbox('john')),
  'a shorter prefix comes next': given(withAliases('*: bob\nsales*: fred\nsales-eu*: john'))
    .route('sales-us@domain1.com')
    .goesTo(mailbox('fred')),
  "the domain's own file comes first": aliasOrder('', '*: bob', 'sa*: fred', '*: john').goesTo(mailbox('bob')),
  'a failed look-up is no reason to use it': given(withAliases('*: bob', { people: { fred: { fails: true } } }))
    .route('fred@domain1.com')
    .isRefused(451, '4.3.0'),
  'one that leads to nobody does not go round': given(withAliases('*: nobody'))
    .route('sales@domain1.com')
    .isRefused(550, '5.1.1'),
})
