import { given, mailbox, people, remote, type Site } from '../support.js'
import { ALIASES, aliases, type ManualRow } from './row.js'

const MIXED = 'Notes on using Mixed Forwarding Systems'
const DOT_FORWARD = 'When DSMTP uses .forward'
const DOT_FWD = 'When DSMTP uses .fwd'

/** bob has a forward file beside his drop file. */
const bobHasFwd = { 'in/bob.fwd': 'file@domain2.com\n' }

const mixed: ManualRow[] = [
  {
    place: MIXED,
    quote: 'Forward rules ... have precedence over forward files',
    row: given({ conf: 'forward bob@domain1.com rule@domain2.com', people: people('bob'), files: bobHasFwd })
      .route('bob@domain1.com')
      .goesTo(remote('rule@domain2.com'))
      .tells('forward dmail.conf:1'),
  },
  {
    place: MIXED,
    quote: 'aliases ... have precedence over forward files',
    row: given({
      conf: ALIASES,
      people: people('bob'),
      files: { ...bobHasFwd, ...aliases('bob: alias@domain2.com') },
    })
      .route('bob@domain1.com')
      .goesTo(remote('alias@domain2.com'))
      .tells('alias aliases.txt:1'),
  },
  {
    place: MIXED,
    quote: 'the fwd="" field ... have precedence over forward files',
    row: given({ people: { bob: { fwd: 'fwd@domain2.com' } }, files: bobHasFwd })
      .route('bob@domain1.com')
      .goesTo(remote('fwd@domain2.com'))
      .tells('user', 'fwd'),
  },
  {
    place: MIXED,
    quote: 'a forward file will still affect them if they use a self referencing option (forward_cc)',
    row: given({ conf: 'forward_cc bob@domain1.com cc@domain2.com', people: people('bob'), files: bobHasFwd })
      .route('bob@domain1.com')
      .goesTo(remote('cc@domain2.com'), remote('file@domain2.com'))
      .tells('forward_cc dmail.conf:1', 'user', 'forward-file {dir}/in/bob.fwd:1'),
  },
  {
    place: MIXED,
    quote: 'a forward file will still affect them if they use a self referencing option ($user in an alias)',
    row: given({
      conf: ALIASES,
      people: people('bob'),
      files: { ...bobHasFwd, ...aliases('bob: $user, alias@domain2.com') },
    })
      .route('bob@domain1.com')
      .goesTo(remote('alias@domain2.com'), remote('file@domain2.com')),
  },
  {
    place: MIXED,
    quote: 'e.g. $user in a fwd="" field: uses it INSTEAD of delivering to the original recipient',
    row: given({ people: { bob: { fwd: '$user,fwd@domain2.com' } }, files: bobHasFwd })
      .route('bob@domain1.com')
      .goesTo(remote('fwd@domain2.com'), remote('file@domain2.com')),
  },
  {
    place: MIXED,
    quote: 'try to deliver the message to the user (amongst other things): without a forward file the drop file',
    row: given({ people: { bob: { fwd: '$user,fwd@domain2.com' } } })
      .route('bob@domain1.com')
      .goesTo(mailbox('bob'), remote('fwd@domain2.com')),
  },
]

/** bob has both forward files; which one is used shows which conditions hold. */
const bothFiles = { 'home/bob/.forward': 'dot@domain2.com\n', 'in/bob.fwd': 'file@domain2.com\n' }
const unixBob: Site = {
  conf: 'authent_method Unix_user',
  people: { bob: { home: 'home/bob' } },
  files: bothFiles,
}

const dotForward: ManualRow[] = [
  {
    place: DOT_FORWARD,
    quote: 'If they are all true then DSMTP checks the file home_directory/.forward',
    row: given(unixBob)
      .route('bob@domain1.com')
      .goesTo(remote('dot@domain2.com'))
      .tells('user', 'forward-file {dir}/home/bob/.forward:1'),
  },
  {
    place: DOT_FORWARD,
    quote: 'authent_method Unix_user (so not ext. auth)',
    row: given({ ...unixBob, conf: 'authent_method external' })
      .route('bob@domain1.com')
      .goesTo(remote('file@domain2.com')),
  },
  {
    place: DOT_FORWARD,
    quote: 'no_dotforward false',
    row: given({ ...unixBob, conf: 'authent_method unix_user\nno_dotforward true' })
      .route('bob@domain1.com')
      .goesTo(remote('file@domain2.com')),
  },
  {
    place: DOT_FORWARD,
    quote: 'password lookup succeeds',
    row: given({ ...unixBob, people: people('fred') })
      .route('bob@domain1.com')
      .isRefused(550, '5.1.1'),
  },
  {
    place: DOT_FORWARD,
    quote: 'password lookup returns a home directory',
    row: given({ ...unixBob, people: people('bob') })
      .route('bob@domain1.com')
      .goesTo(remote('file@domain2.com')),
  },
]

const VDOMAIN = 'vdomain dom1 @dom1 vdomain1.com d:\\dmail\\in'

const dotFwd: ManualRow[] = [
  {
    place: DOT_FWD,
    quote: 'the external authentication returns an EMPTY fwd="" field',
    row: given({ people: { bob: { fwd: '' } }, files: bobHasFwd })
      .route('bob@domain1.com')
      .goesTo(remote('file@domain2.com'))
      .tells('forward-file {dir}/in/bob.fwd:1'),
  },
  {
    place: DOT_FWD,
    quote: 'OR one with $user',
    row: given({ people: { bob: { fwd: '$user' } }, files: bobHasFwd })
      .route('bob@domain1.com')
      .goesTo(remote('file@domain2.com')),
  },
  {
    place: DOT_FWD,
    quote: 'if the external authentication does return a forward destination then the .fwd file is not used',
    row: given({ people: { bob: { fwd: 'fwd@domain2.com' } }, files: bobHasFwd })
      .route('bob@domain1.com')
      .goesTo(remote('fwd@domain2.com')),
  },
  {
    place: DOT_FWD,
    quote: 'UNLESS the destination is self referential (the own address)',
    row: given({ people: { bob: { fwd: 'bob@domain1.com' } }, files: bobHasFwd })
      .route('bob@domain1.com')
      .goesTo(remote('file@domain2.com')),
  },
  {
    place: DOT_FWD,
    quote:
      "If the destination does include $user but the .fwd file exists, the original recipient still won't get the message",
    row: given({ people: { bob: { fwd: 'fwd@domain2.com,$user' } }, files: bobHasFwd })
      .route('bob@domain1.com')
      .goesTo(remote('fwd@domain2.com'), remote('file@domain2.com')),
  },
  {
    place: DOT_FWD,
    quote: 'e.g. d:\\dmail\\in\\t\\y\\dom1_bob.fwd',
    row: given({
      conf: `drop_path d:\\dmail\\in\nhash_spool scan\n${VDOMAIN}`,
      people: people('dom1_bob'),
      files: { 'dmail/in/t/y/dom1_bob': '', 'dmail/in/t/y/dom1_bob.fwd': 'file@domain2.com' },
    })
      .route('bob@vdomain1.com')
      .goesTo(remote('file@domain2.com'))
      .tells('forward-file {dir}/dmail/in/t/y/dom1_bob.fwd:1'),
  },
  {
    place: DOT_FWD,
    quote: 'the drop_path (possibly including hashing)',
    row: given({
      conf: `drop_path d:\\dmail\\in\nhash_spool 2`,
      people: people('bob'),
      files: { 'dmail/in/b/o/bob.fwd': 'file@domain2.com' },
    })
      .route('bob@domain1.com')
      .goesTo(remote('file@domain2.com')),
  },
  {
    place: DOT_FWD,
    quote: 'possibly including drop_prefix and vdomain_separator',
    row: given({
      conf: `vdomain_separator -\n${VDOMAIN}`,
      people: people('dom1-bob'),
      files: { 'dmail/in/dom1-bob.fwd': 'file@domain2.com' },
    })
      .route('bob@vdomain1.com')
      .goesTo(remote('file@domain2.com')),
  },
  {
    place: DOT_FWD,
    quote: 'possibly including drop_prefix: without it the bare name',
    row: given({
      conf: `drop_prefix false\n${VDOMAIN}`,
      people: people('dom1_bob'),
      files: { 'dmail/in/bob.fwd': 'file@domain2.com' },
    })
      .route('bob@vdomain1.com')
      .goesTo(remote('file@domain2.com')),
  },
]

/** When a forward file is used, and instead of what. */
export const FORWARD_FILES: readonly ManualRow[] = [...mixed, ...dotForward, ...dotFwd]
