import { given, mailbox, people, remote, table, type Site } from './support.js'

function forwards(names: string, ...rules: string[]): Site {
  return { conf: rules.map((rule) => `forward ${rule}`).join('\n'), people: people(...names.split(' ')) }
}

/** `u0 -> u1 -> ... -> u<length>`, all at domain1.com. */
function chain(length: number): string[] {
  return Array.from({ length }, (_, at) => `u${at}@domain1.com u${at + 1}@domain1.com`)
}

table('loops (R1)', {
  'two rules in a circle are refused as a loop': given(
    forwards('bob fred', 'bob@domain1.com fred@domain1.com', 'fred@domain1.com bob@domain1.com'),
  )
    .route('bob@domain1.com')
    .isRefused(550, '5.4.6')
    .leavesOut('bob@domain1.com'),
  'a circle through forward, alias and fwd is one too': given({
    conf: 'forward bob@domain1.com fred@domain1.com\nalias_file {dir}/config/aliases.txt',
    people: { ...people('bob', 'fred'), john: { fwd: 'bob' } },
    files: { 'config/aliases.txt': 'fred: john' },
  })
    .route('bob@domain1.com')
    .isRefused(550, '5.4.6'),
  'a circle through two forward files is one too': given({
    people: people('bob', 'fred'),
    files: { 'in/bob.fwd': 'fred', 'in/fred.fwd': 'bob' },
  })
    .route('bob@domain1.com')
    .isRefused(550, '5.4.6'),
  'a -> b -> [a, b] ends at b': given(
    forwards(
      'bob fred',
      'bob@domain1.com fred@domain1.com',
      'fred@domain1.com bob@domain1.com',
      'fred@domain1.com fred@domain1.com',
    ),
  )
    .route('bob@domain1.com')
    .goesTo(mailbox('fred'))
    .leavesOut('bob@domain1.com'),
  'a branch that goes round does not stop the others': given(
    forwards(
      'john',
      'bob@domain1.com fred@domain1.com',
      'fred@domain1.com bob@domain1.com',
      'bob@domain1.com john@domain1.com',
      'fred@domain1.com x@domain2.com',
    ),
  )
    .route('bob@domain1.com')
    .goesTo(mailbox('john'), remote('x@domain2.com')),
  'a loop is worth more to tell than an unknown user': given(
    forwards(
      'john',
      'bob@domain1.com nobody@domain1.com',
      'bob@domain1.com fred@domain1.com',
      'fred@domain1.com bob@domain1.com',
    ),
  )
    .route('bob@domain1.com')
    .isRefused(550, '5.4.6'),
})

table('20 levels (R1)', {
  '20 redirections are followed': given(forwards('u20', ...chain(20)))
    .route('u0@domain1.com')
    .goesTo(mailbox('u20')),
  'the 21st is not': given(forwards('u21', ...chain(21)))
    .route('u0@domain1.com')
    .isRefused(550, '5.4.6')
    .leavesOut('u21@domain1.com'),
  'an address is not lost because the first way to it was too long': given(
    forwards('u21', ...chain(21), 'u0@domain1.com u20@domain1.com'),
  )
    .route('u0@domain1.com')
    .goesTo(mailbox('u21')),
  'nor one further down': given(forwards('u22', ...chain(22), 'u0@domain1.com u18@domain1.com'))
    .route('u0@domain1.com')
    .goesTo(mailbox('u22')),
})

const plus = '[routing]\nplus_address=+'

table("a user's own rules that name the user", {
  'by the own address: the mailbox': given({ people: { bob: { fwd: 'bob@domain1.com' } } })
    .route('bob@domain1.com')
    .goesTo(mailbox('bob')),
  'by another name of the main domain: the mailbox': given({
    conf: 'host_domain domain1.com\nhost_domain domain2.com',
    people: people('bob'),
    files: { 'in/bob.fwd': 'bob@domain2.com, x@domain3.com' },
  })
    .route('bob@domain1.com')
    .goesTo(mailbox('bob'), remote('x@domain3.com')),
  'with a tag in the forward file: the mailbox': given({
    ini: plus,
    people: people('bob'),
    files: { 'in/bob.fwd': 'bob+kept@domain1.com, x@domain2.com' },
  })
    .route('bob@domain1.com')
    .goesTo(mailbox('bob'), remote('x@domain2.com')),
  'with a tag in the fwd field: the mailbox': given({
    ini: plus,
    people: { bob: { fwd: 'bob+kept@domain1.com, x@domain2.com' } },
  })
    .route('bob@domain1.com')
    .goesTo(mailbox('bob'), remote('x@domain2.com')),
  'from a tagged address: the mailbox': given({
    ini: plus,
    people: people('bob'),
    files: { 'in/bob.fwd': 'bob, x@domain2.com' },
  })
    .route('bob+tag@domain1.com')
    .goesTo(mailbox('bob'), remote('x@domain2.com')),
  'with a thousand tags: still one look at the file': given({
    ini: plus,
    people: people('bob'),
    files: { 'in/bob.fwd': Array.from({ length: 1000 }, (_, at) => `bob+${at}@domain1.com\n`).join('') },
  })
    .route('bob@domain1.com')
    .goesTo(mailbox('bob')),
})
