import { file, given, mailbox, people, remote, robot, table, withAliases, type Site } from './support.js'

/** Users bob, fred and john, and these forward rules. */
function withForwards(...rules: string[]): Site {
  return { conf: rules.join('\n'), people: people('bob', 'fred', 'john') }
}

const CHAIN = ['forward bob@domain1.com fred@domain1.com', 'forward fred@domain1.com john@domain1.com']

table('R1: forward rules again', {
  "a forward's result is matched against the forward rules": given(withForwards(...CHAIN))
    .route('bob@domain1.com')
    .goesTo(mailbox('john'))
    .tells('forward dmail.conf:1', 'forward dmail.conf:2', 'user'),
  'rematch_forwards=false takes the result as it is': given({
    ...withForwards(...CHAIN),
    ini: '[routing]\nrematch_forwards=false',
  })
    .route('bob@domain1.com')
    .goesTo(mailbox('fred')),
  'with rematch_forwards=false an alias still leads to the forward rules (R7)': given(
    withAliases('fred: john', {
      conf: 'forward bob@domain1.com fred@domain1.com\nforward john@domain1.com john@domain2.com',
      ini: '[routing]\nrematch_forwards=false',
    }),
  )
    .route('bob@domain1.com')
    .goesTo(remote('john@domain2.com')),
  'a rule to its own input delivers to that one': given(
    withForwards('forward bob@domain1.com bob@domain1.com', 'forward bob@domain1.com fred@domain1.com'),
  )
    .route('bob@domain1.com')
    .goesTo(mailbox('bob'), mailbox('fred')),
  'so does $user': given(withForwards('forward bob@domain1.com $user', 'forward bob@domain1.com fred@domain1.com'))
    .route('bob@domain1.com')
    .goesTo(mailbox('bob'), mailbox('fred')),
  'rules apply in the order of the file, wildcards or not': given(
    withForwards('forward *@domain1.com bob@domain2.com', 'forward bob@domain1.com fred@domain2.com'),
  )
    .route('bob@domain1.com')
    .goesTo(remote('bob@domain2.com'), remote('fred@domain2.com'))
    .tells('forward dmail.conf:1', 'remote', 'forward dmail.conf:2', 'remote'),
  'a wildcard rule takes everybody to one user': given(withForwards('forward *@domain1.com bob@domain1.com'))
    .route('fred@domain1.com')
    .goesTo(mailbox('bob')),
  'a wildcard rule to one user leaves that user alone': given(withForwards('forward *@domain1.com bob@domain1.com'))
    .route('bob@domain1.com')
    .goesTo(mailbox('bob')),
})

table('R2: forward and forward_cc together', {
  'the original is kept if any matching rule is forward_cc': given(
    withForwards('forward bob@domain1.com fred@domain1.com', 'forward_cc bob@domain1.com john@domain1.com'),
  )
    .route('bob@domain1.com')
    .goesTo(mailbox('fred'), mailbox('john'), mailbox('bob')),
  'a wildcard forward_cc keeps what an exact forward sends away': given(
    withForwards('forward_cc *@domain1.com archive@domain2.com', 'forward bob@domain1.com fred@domain2.com'),
  )
    .route('bob@domain1.com')
    .goesTo(remote('archive@domain2.com'), remote('fred@domain2.com'), mailbox('bob')),
})

table('R3: reached twice', {
  'the same mailbox by two rules is one delivery': given(
    withForwards('forward sales@domain1.com bob@domain1.com', 'forward sales@* bob@domain1.com'),
  )
    .route('sales@domain1.com')
    .goesTo(mailbox('bob')),
  'the same robot, file and foreign address are one delivery each': given(
    withAliases('sales: |drespond, {dir}/log, x@domain2.com, team\nteam: {dir}/log, |drespond, X@domain2.com'),
  )
    .route('sales@domain1.com')
    .goesTo(robot('drespond'), file('{dir}/log'), remote('x@domain2.com')),
  "a file that is a user's drop file is that mailbox": given(withAliases('sales: bob, {dir}/in/bob'))
    .route('sales@domain1.com')
    .goesTo(mailbox('bob')),
  'a diamond is one delivery': given(withAliases('sales: fred, john\nfred: bob\njohn: bob'))
    .route('sales@domain1.com')
    .goesTo(mailbox('bob')),
})

table('R4: wildcards in destinations', {
  'a forward rule with one is an error and no rule': given({
    ...withForwards('forward bob@domain1.com *@domain2.com'),
    broken: true,
  })
    .route('bob@domain1.com')
    .goesTo(mailbox('bob')),
  'in a fwd field it is left out': given({ people: { bob: { fwd: '*@domain2.com,fred@domain2.com' } } })
    .route('bob@domain1.com')
    .goesTo(remote('fred@domain2.com'))
    .leavesOut('*@domain2.com'),
  'a fwd field with nothing else waits': given({ people: { bob: { fwd: '*@domain2.com' } } })
    .route('bob@domain1.com')
    .isRefused(451, '4.3.0'),
})

table('R22: targets that nobody has', {
  'are left out with a warning': given(withAliases('sales: bob, nobody, fred'))
    .route('sales@domain1.com')
    .goesTo(mailbox('bob'), mailbox('fred'))
    .leavesOut('nobody@domain1.com'),
  'when none is left the recipient is refused': given(withAliases('sales: nobody, noone'))
    .route('sales@domain1.com')
    .isRefused(550, '5.1.1')
    .leavesOut('nobody@domain1.com', 'noone@domain1.com'),
  'nobody is to blame for the form of a name that only a rule uses': given(withAliases('sales: "-bob"@domain1.com'))
    .route('sales@domain1.com')
    .isRefused(550, '5.1.1')
    .leavesOut('"-bob"@domain1.com'),
  'the same holds for forward rules': given(withForwards('forward sales@domain1.com nobody@domain1.com'))
    .route('sales@domain1.com')
    .isRefused(550, '5.1.1'),
})

table('R23: the original kept by forward_cc', {
  'goes on through alias, user look-up and forward file': given(
    withAliases('bob: $user, fred', {
      conf: 'forward_cc bob@domain1.com x@domain2.com',
      files: { 'in/bob.fwd': 'file@domain2.com' },
    }),
  )
    .route('bob@domain1.com')
    .goesTo(remote('x@domain2.com'), mailbox('fred'), remote('file@domain2.com')),
  'meets no forward rule again': given(
    withForwards('forward_cc bob@domain1.com fred@domain1.com', 'forward fred@domain1.com bob@domain1.com'),
  )
    .route('bob@domain1.com')
    .goesTo(mailbox('bob'))
    .leavesOut('bob@domain1.com'),
  'an original that nobody has is left out': given(withForwards('forward_cc sales@domain1.com bob@domain1.com'))
    .route('sales@domain1.com')
    .goesTo(mailbox('bob')),
})
