import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Notify } from '../../lib/dsn/params.js'
import type { Party } from '../../lib/dsn/party.js'
import type { Placed, Step, StepName } from '../../lib/routing/types.js'
import { planMessage, type Plan, type RoutedRecipient } from '../../lib/spool/plan.js'
import { by, discard, file, mailbox, recipient, refused, remote, robot } from './support.js'

const SUCCESS: Notify = ['success']
const ALL: Notify = ['success', 'failure', 'delay']

/** The same recipient with this NOTIFY. */
function asking(notify: Notify, routed: RoutedRecipient): RoutedRecipient {
  return { ...routed, parties: routed.parties.map((party) => ({ ...party, notify })) }
}

/** The same with destinations to which one rule leads. */
function madeBy(name: StepName, routed: RoutedRecipient): RoutedRecipient {
  const step: Step = { id: 1, parent: undefined, step: name, input: '', rule: '', at: undefined, output: [] }
  const destinations = routed.route.destinations.map((one): Placed => ({ ...one, step }))
  return { ...routed, route: { ...routed.route, destinations } as RoutedRecipient['route'] }
}

/** `bob@domain1.com success`; `-` for no NOTIFY. */
function shown(parties: readonly Party[]): string {
  return parties.map(({ given, notify }) => `${given} ${notify === undefined ? '-' : String(notify)}`).join(' + ')
}

/** Each copy and whom it concerns, then the lists and the failures. */
function concerns({ immediate, spooled, remote: groups, lists, failing }: Plan): string[] {
  return [
    ...[...immediate, ...spooled].map(({ destination, parties }) => {
      return `${destination.kind === 'robot' ? destination.argv[0] : destination.path}: ${shown(parties)}`
    }),
    ...groups.flatMap(({ recipients }) =>
      recipients.map(({ address, parties }) => `${address.text}: ${shown(parties)}`),
    ),
    ...lists.map(({ event, party }) => `${event}: ${shown([party])}`),
    ...failing.map(({ parties, status }) => `${status}: ${shown(parties)}`),
  ]
}

interface Row {
  readonly of: readonly RoutedRecipient[]
  readonly allowdup?: boolean
  readonly deliveredTo?: readonly string[]
  readonly is: readonly string[]
}

const bob = recipient('bob@domain1.com', mailbox('bob'))
const sales = recipient('sales@domain1.com', by('bob@domain1.com', mailbox('bob')))
const list = recipient(
  'list@domain1.com',
  mailbox('bob'),
  file('/var/log/mail'),
  robot('drespond'),
  remote('x@domain2.com'),
)

const ROWS: Record<string, Row> = {
  'a copy concerns its recipient, with what it asked for': {
    of: [asking(ALL, bob)],
    is: ['/var/in/bob: bob@domain1.com success,failure,delay'],
  },
  'RCPTs that end in the same copy are its parties, each with its own wish': {
    of: [asking(SUCCESS, bob), asking('never', sales)],
    allowdup: false,
    is: ['/var/in/bob: bob@domain1.com success + sales@domain1.com never'],
  },
  'R3: with a copy for each they are not': {
    of: [asking(SUCCESS, bob), sales],
    is: ['/var/in/bob: bob@domain1.com success', '/var/in/bob: sales@domain1.com -'],
  },
  'a foreign address gets one copy, which concerns all': {
    of: [
      recipient('a@domain1.com', by('a@domain1.com', remote('x@domain2.com'))),
      recipient('x@domain2.com', remote('x@domain2.com')),
    ],
    is: ['x@domain2.com: a@domain1.com - + x@domain2.com -'],
  },
  'an address given twice is one party': { of: [bob, bob], allowdup: false, is: ['/var/in/bob: bob@domain1.com -'] },
  'given twice with other wishes it is two': {
    of: [bob, asking('never', bob)],
    allowdup: false,
    is: ['/var/in/bob: bob@domain1.com - + bob@domain1.com never'],
  },
  "N5: the operator's list is expanded, and its members do not tell of success": {
    of: [asking(ALL, list)],
    is: [
      '/var/in/bob: list@domain1.com failure,delay',
      '/var/log/mail: list@domain1.com failure,delay',
      'drespond: list@domain1.com failure,delay',
      'x@domain2.com: list@domain1.com failure,delay',
      'expanded: list@domain1.com success,failure,delay',
    ],
  },
  'N5: who asked for success only hears nothing of the members': {
    of: [asking(SUCCESS, recipient('list@domain1.com', mailbox('bob'), mailbox('fred')))],
    is: [
      '/var/in/bob: list@domain1.com never',
      '/var/in/fred: list@domain1.com never',
      'expanded: list@domain1.com success',
    ],
  },
  'who said nothing hears of failures of the members': {
    of: [recipient('list@domain1.com', mailbox('bob'), mailbox('fred'))],
    is: ['/var/in/bob: list@domain1.com -', '/var/in/fred: list@domain1.com -', 'expanded: list@domain1.com -'],
  },
  "N5: a user's own list is delivered": {
    of: [
      madeBy('forward-file', asking(SUCCESS, recipient('bob@domain1.com', mailbox('bob'), remote('b@domain2.com')))),
    ],
    is: [
      '/var/in/bob: bob@domain1.com never',
      'b@domain2.com: bob@domain1.com never',
      'delivered: bob@domain1.com success',
    ],
  },
  'a forward to one is no list': {
    of: [asking(ALL, recipient('bob@domain1.com', by('bob@domain1.com', remote('b@domain2.com'))))],
    is: ['b@domain2.com: bob@domain1.com success,failure,delay'],
  },
  'one destination beside discarded mail is no list': {
    of: [asking(SUCCESS, recipient('bob@domain1.com', mailbox('bob'), discard))],
    is: ['/var/in/bob: bob@domain1.com success'],
  },
  'discarded mail concerns nobody': { of: [asking(ALL, recipient('bob@domain1.com', discard))], is: [] },
  'a member of a list who is a recipient too keeps the own wish': {
    of: [asking(SUCCESS, recipient('list@domain1.com', mailbox('bob'), mailbox('fred'))), asking(SUCCESS, bob)],
    allowdup: false,
    is: [
      '/var/in/bob: list@domain1.com never + bob@domain1.com success',
      '/var/in/fred: list@domain1.com never',
      'expanded: list@domain1.com success',
    ],
  },
  'a refusal concerns its recipient': {
    of: [asking('never', refused('nobody@domain1.com', 'unknownUser'))],
    is: ['5.1.1: nobody@domain1.com never'],
  },
  'R15: so does a loop, and whoever ends in the same copy': {
    of: [bob, asking(ALL, sales)],
    allowdup: false,
    deliveredTo: ['bob@domain1.com'],
    is: ['5.4.6: bob@domain1.com - + sales@domain1.com success,failure,delay'],
  },
}

describe('whom the copies of a message concern', () => {
  for (const [sentence, { of, allowdup = true, deliveredTo = [], is }] of Object.entries(ROWS)) {
    it(sentence, () => {
      assert.deepEqual(concerns(planMessage(of, { allowDuplicates: allowdup, deliveredTo })), is)
    })
  }

  it('planning changes nothing of the recipients', () => {
    const given = [asking(SUCCESS, bob), asking('never', sales)]
    const before = JSON.stringify(given)
    planMessage(given, { allowDuplicates: false, deliveredTo: [] })
    assert.equal(JSON.stringify(given), before)
  })
})
