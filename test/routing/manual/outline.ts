import { given, mailbox, people, remote, robot } from '../support.js'
import { ALIASES, aliases, type ManualRow } from './row.js'

const ROUTING = 'Routing, the very basic outline'
const RCPT = 'What happens when DSMTP cannot deliver a message'
const ETRN = 'ETRN'

const outline: ManualRow[] = [
  {
    place: ROUTING,
    quote: 'apply any forward rules (before the local domain is looked at)',
    row: given({ conf: 'forward someone@domain2.com bob@domain1.com', people: people('bob') })
      .route('someone@domain2.com')
      .from({ trusted: true })
      .goesTo(mailbox('bob')),
  },
  {
    place: ROUTING,
    quote: 'apply any forward rules (before an alias)',
    row: given({
      conf: `forward bob@domain1.com rule@domain2.com\n${ALIASES}`,
      people: people('bob'),
      files: aliases('bob: alias@domain2.com'),
    })
      .route('bob@domain1.com')
      .goesTo(remote('rule@domain2.com')),
  },
  {
    place: ROUTING,
    quote: 'if not a local domain then queue it up for relaying on to the correct destination server',
    row: given({}).route('fred@domain2.com').from({ trusted: true }).goesTo(remote('fred@domain2.com')),
  },
  {
    place: ROUTING,
    quote: 'a gateway setting can be used for non-local domains',
    row: given({ conf: 'gateway domain2.com 10.1.2.3' })
      .route('fred@domain2.com')
      .from({ trusted: true })
      .goesTo(remote('fred@domain2.com', '10.1.2.3:25'))
      .tells('remote dmail.conf:1'),
  },
  {
    place: ROUTING,
    quote: 'in general the gateway setting will be used for ... mail that is not destined for the local server',
    row: given({ conf: 'gateway domain1.com 10.1.2.3\ngateway * 10.1.2.4', people: people('bob') })
      .route('bob@domain1.com')
      .goesTo(mailbox('bob')),
  },
  {
    place: ROUTING,
    quote: '(is a local domain) looks for an alias, then do a lookup on the username',
    row: given({ conf: ALIASES, people: { bob: { fwd: 'fwd@domain2.com' } }, files: aliases('bob: alias@domain2.com') })
      .route('bob@domain1.com')
      .goesTo(remote('alias@domain2.com')),
  },
  {
    place: ROUTING,
    quote: 'looks for an alias only where the domain is local',
    row: given({ conf: 'alias_file_domain * {dir}/config/aliases.txt', files: aliases('fred: bob@domain1.com') })
      .route('fred@domain2.com')
      .from({ trusted: true })
      .goesTo(remote('fred@domain2.com')),
  },
  {
    place: ROUTING,
    quote: "given that they don't, DSMTP writes the message to the local user's drop file",
    row: given({ people: people('bob') })
      .route('bob@domain1.com')
      .goesTo(mailbox('bob'))
      .tells('user'),
  },
  {
    place: ROUTING,
    quote: 'the username lookup can specify that the message should go to a robot',
    row: given({ people: { john: { fwd: '|drespond' } } })
      .route('john@domain1.com')
      .goesTo(robot('drespond')),
  },
  {
    place: ROUTING,
    quote: 'you want email to enter the internet through one point',
    row: given({ conf: 'gateway * 10.1.2.4' })
      .route('anyone@example.com')
      .from({ trusted: true })
      .goesTo(remote('anyone@example.com', '10.1.2.4:25')),
  },
]

const refusals: ManualRow[] = [
  {
    place: RCPT,
    quote: 'a 500 level SMTP code: the user is not known as a local user',
    row: given({ people: people('bob') })
      .route('nobody@domain1.com')
      .isRefused(550, '5.1.1')
      .tells('refused'),
  },
  {
    place: RCPT,
    quote: 'a 500 level SMTP code: relaying is not permitted by them',
    row: given({ people: people('bob') })
      .route('fred@domain2.com')
      .isRefused(550, '5.7.1'),
  },
  {
    place: ETRN,
    quote: 'a gateway setting for the domain ... users can relay mail ... with the relay_to setting',
    row: given({ conf: 'gateway domain2.com 10.1.2.3\nrelay_to domain2.com' })
      .route('fred@domain2.com')
      .goesTo(remote('fred@domain2.com', '10.1.2.3:25'))
      .tells('relay dmail.conf:2', 'remote dmail.conf:1'),
  },
  {
    place: ETRN,
    quote: 'you will probably also need to set your SPAM rules: a gateway alone permits nothing',
    row: given({ conf: 'gateway domain2.com 10.1.2.3' }).route('fred@domain2.com').isRefused(550, '5.7.1'),
  },
]

/** The order of things when a message arrives, relaying, and refusals at RCPT. */
export const OUTLINE: readonly ManualRow[] = [...outline, ...refusals]
