import { discard, file, given, people, robot, type Site } from '../support.js'
import { ALIASES, aliases, type ManualRow } from './row.js'

const SPECIAL = 'Special destinations'

const ROOTS = '[robot]\nuser_roots = {dir}/dmail\n[file]\nuser_roots = {dir}/dmail'
const DOMAINX = 'host_domain domain1.com\nhost_domain domainx.com\n'
const drespond = robot('{dir}/dmail/drespond')

/** "All of the forwarding methods allow you to make DSMTP forward the message to a special destination". */
const methods: Record<string, (destination: string) => Site> = {
  forward: (to) => ({ conf: `${DOMAINX}forward bob@domain1.com ${to}`, people: people('bob') }),
  'an alias': (to) => ({ conf: ALIASES, people: people('bob'), files: aliases(`bob: ${to}`) }),
  'the fwd field': (to) => ({ people: { bob: { fwd: to } } }),
  'a .fwd file': (to) => ({ people: people('bob'), files: { 'in/bob.fwd': to }, ini: ROOTS }),
  'a .forward file': (to) => ({
    conf: 'authent_method unix_user',
    people: { bob: { home: 'home/bob' } },
    files: { 'home/bob/.forward': to },
    ini: ROOTS,
  }),
}

const inEveryMethod: ManualRow[] = Object.entries(methods).flatMap(([method, site]) => [
  {
    place: SPECIAL,
    quote: `a robot: you must use the pipe symbol at the start of the destination address (in ${method})`,
    row: given(site('|c:\\dmail\\drespond')).route('bob@domain1.com').goesTo(drespond),
  },
  {
    place: SPECIAL,
    quote: `command line arguments: include the destination address within quotes (in ${method})`,
    row: given(site('"|c:\\dmail\\drespond arg1 arg2"'))
      .route('bob@domain1.com')
      .goesTo(robot('{dir}/dmail/drespond', 'arg1', 'arg2')),
  },
  {
    place: SPECIAL,
    quote: `a file: you must include a path character (in ${method})`,
    row: given(site('c:\\dmail\\archive')).route('bob@domain1.com').goesTo(file('{dir}/dmail/archive')),
  },
  {
    place: SPECIAL,
    quote: `/dev/nul (it makes things disappear!) (in ${method})`,
    row: given(site('/dev/nul')).route('bob@domain1.com').goesTo(discard),
  },
])

const special: ManualRow[] = [
  {
    place: SPECIAL,
    quote: 'forward bob@domainx.com /dev/nul',
    row: given({ conf: `${DOMAINX}forward bob@domainx.com /dev/nul`, people: people('bob') })
      .route('bob@domainx.com')
      .goesTo(discard)
      .tells('forward dmail.conf:3'),
  },
  {
    place: SPECIAL,
    quote: 'forward bob@domainx.com |c:\\dmail\\drespond',
    row: given({ conf: `${DOMAINX}forward bob@domainx.com |c:\\dmail\\drespond`, people: people('bob') })
      .route('bob@domainx.com')
      .goesTo(drespond),
  },
  {
    place: SPECIAL,
    quote: 'forward bob@domainx.com "|c:\\dmail\\drespond arg1 arg2"',
    row: given({ conf: `${DOMAINX}forward bob@domainx.com "|c:\\dmail\\drespond arg1 arg2"`, people: people('bob') })
      .route('bob@domainx.com')
      .goesTo(robot('{dir}/dmail/drespond', 'arg1', 'arg2')),
  },
]

/** Robots and files, in every forwarding method. */
export const SPECIAL_DESTINATIONS: readonly ManualRow[] = [...special, ...inEveryMethod]
