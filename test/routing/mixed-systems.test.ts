import { describe, it } from 'node:test'
import type { ReportedDestination } from '../../lib/routing/report.js'
import { given, mailbox, remote, verify, type Site } from './support.js'

/*
 * "If you mix forwarding systems ... DSMTP's operation gets rather complicated": every combination of what the five systems
 * may say about bob, against a model made of the manual's sentences.
 */

/** What one system says: text to put into its place, where its copies go, and whether bob is still to get his own. */
interface Saying {
  readonly text: string | undefined
  readonly copies: readonly ReportedDestination[]
  readonly refersToBob: boolean
}

type Sayings = Readonly<Record<string, Saying>>

const nothing = { text: undefined, copies: [], refersToBob: true }

// manual: "forward" sends "instead", forward_cc "as well"; R1: a rule to its own input means "deliver to that one".
const FORWARD: Sayings = {
  'no forward': nothing,
  'forward away': {
    text: 'forward bob@domain1.com rule@domain2.com',
    copies: [remote('rule@domain2.com')],
    refersToBob: false,
  },
  'forward to self': { text: 'forward bob@domain1.com bob@domain1.com', copies: [], refersToBob: true },
  forward_cc: {
    text: 'forward_cc bob@domain1.com rule@domain2.com',
    copies: [remote('rule@domain2.com')],
    refersToBob: true,
  },
}

// manual: "use the special destination, $user"; without it the original recipient gets nothing.
const ALIAS: Sayings = {
  'no alias': nothing,
  'alias away': { text: 'alias@domain2.com', copies: [remote('alias@domain2.com')], refersToBob: false },
  'alias with $user': { text: '$user, alias@domain2.com', copies: [remote('alias@domain2.com')], refersToBob: true },
  'alias to own address': { text: 'bob@domain1.com', copies: [], refersToBob: true },
}

// manual: "an EMPTY fwd="" field OR one with $user", "UNLESS the destination is self referential".
const FWD: Sayings = {
  'no fwd': nothing,
  'empty fwd': { text: '', copies: [], refersToBob: true },
  'fwd away': { text: 'fwd@domain2.com', copies: [remote('fwd@domain2.com')], refersToBob: false },
  'fwd with $user': { text: '$user,fwd@domain2.com', copies: [remote('fwd@domain2.com')], refersToBob: true },
  'fwd to own address': { text: 'bob@domain1.com', copies: [], refersToBob: true },
}

// manual: "uses it INSTEAD of delivering to the original recipient"; R12 names the forms that mean the mailbox.
const FILE: Sayings = {
  'no forward file': nothing,
  'empty file': { text: '', copies: [], refersToBob: true },
  'file away': { text: 'file@domain2.com\n', copies: [remote('file@domain2.com')], refersToBob: false },
  'file with $user': { text: 'file@domain2.com\n$user\n', copies: [remote('file@domain2.com')], refersToBob: true },
  'file with \\user': { text: '\\bob, file@domain2.com', copies: [remote('file@domain2.com')], refersToBob: true },
  'file with own address': {
    text: 'bob@domain1.com\nfile@domain2.com\n',
    copies: [remote('file@domain2.com')],
    refersToBob: true,
  },
}

/**
 * "Forward rules, aliases and the fwd="" field ... are separate forwarding systems": each is asked in turn, as long as the
 * one before still wants bob to get his mail; whoever is left at the end writes the drop file.
 */
function expected(inOrder: readonly Saying[]): ReportedDestination[] {
  const destinations: ReportedDestination[] = []
  for (const { copies, refersToBob } of inOrder) {
    destinations.push(...copies)
    if (!refersToBob) return destinations
  }
  return [...destinations, mailbox('bob')]
}

function siteOf(external: boolean, forward: Saying, alias: Saying, fwd: Saying, own: Saying): Site {
  const method = external ? 'authent_method external' : 'authent_method unix_user'
  const aliasLine = 'alias_file_domain domain1.com {dir}/config/aliases.txt'
  const forwardFile = external ? 'in/bob.fwd' : 'home/bob/.forward'
  return {
    conf: [forward.text ?? '', method, alias.text === undefined ? '' : aliasLine].join('\n'),
    people: { bob: { ...(fwd.text === undefined ? {} : { fwd: fwd.text }), home: 'home/bob' } },
    files: {
      ...(alias.text === undefined ? {} : { 'config/aliases.txt': `bob: ${alias.text}\n` }),
      ...(own.text === undefined ? {} : { [forwardFile]: own.text }),
    },
  }
}

for (const external of [true, false]) {
  describe(external ? 'with an external user module and .fwd' : 'with unix_user and .forward', () => {
    for (const [forwardName, forward] of Object.entries(FORWARD)) {
      for (const [aliasName, alias] of Object.entries(ALIAS)) {
        // Only an external module has a fwd field.
        for (const [fwdName, fwd] of Object.entries(external ? FWD : { 'no fwd': nothing })) {
          for (const [fileName, own] of Object.entries(FILE)) {
            it(`${forwardName}, ${aliasName}, ${fwdName}, ${fileName}`, async () => {
              const destinations = expected([forward, alias, fwd, own])
              const site = siteOf(external, forward, alias, fwd, own)
              await verify(
                given(site)
                  .route('bob@domain1.com')
                  .goesTo(...destinations),
              )
            })
          }
        }
      }
    }
  })
}
