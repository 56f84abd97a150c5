import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Party } from '../../lib/dsn/party.js'
import { planMessage, type Plan, type RoutedRecipient } from '../../lib/spool/plan.js'
import { by, discard, file, mailbox, recipient, refused, remote, robot } from './support.js'

/** Whom reports would name. */
function givenOf({ parties }: { readonly parties: readonly Party[] }): string {
  return parties.map(({ given }) => given).join(' and ')
}

/** A plan in words: what is written now, run later, sent, and failed. */
function inWords({ immediate, spooled, remote: groups, failing }: Plan): string[] {
  return [
    ...immediate.map(({ original, found, destination }) => {
      assert.ok(destination.kind !== 'robot')
      return `write ${destination.path} for ${original} at ${found}`
    }),
    ...spooled.map(({ original, destination }) => {
      assert.ok(destination.kind === 'robot')
      return `run ${destination.argv.join(' ')} for ${original}`
    }),
    ...groups.map(({ deliveredTo, recipients }) => {
      const to = recipients.map((each) => `${each.address.text} for ${givenOf(each)}`).join(', ')
      return `${deliveredTo === undefined ? 'relay' : `forward by ${deliveredTo}`} to ${to}`
    }),
    ...failing.map((each) => `fail ${givenOf(each)} ${each.status}`),
  ]
}

interface Row {
  readonly of: readonly RoutedRecipient[]
  readonly allowdup?: boolean
  readonly deliveredTo?: readonly string[]
  readonly is: readonly string[]
}

const twice = [
  recipient('bob@domain1.com', mailbox('bob')),
  recipient('sales@domain1.com', by('bob@domain1.com', mailbox('bob'))),
]
const manyTwice = ['bob@domain1.com', 'sales@domain1.com'].map((original) =>
  recipient(original, robot('drespond'), file('/var/log/mail'), remote('fred@domain2.com')),
)

const ROWS: Record<string, Row> = {
  'nothing for nobody': { of: [], is: [] },
  'drop files and files are written, robots run later, the rest leaves': {
    of: [
      recipient('bob@domain1.com', mailbox('bob'), file('/var/log/mail'), robot('drespond')),
      recipient('fred@domain2.com', remote('fred@domain2.com')),
    ],
    is: [
      'write /var/in/bob for bob@domain1.com at bob@domain1.com',
      'write /var/log/mail for bob@domain1.com at bob@domain1.com',
      'run drespond for bob@domain1.com',
      'relay to fred@domain2.com for fred@domain2.com',
    ],
  },
  'discarded mail is no work': { of: [recipient('bob@domain1.com', discard)], is: [] },
  'R3: allowdup true gives one copy per RCPT': {
    of: twice,
    is: [
      'write /var/in/bob for bob@domain1.com at bob@domain1.com',
      'write /var/in/bob for sales@domain1.com at bob@domain1.com',
    ],
  },
  'R3: allowdup false gives one copy': {
    of: twice,
    allowdup: false,
    is: ['write /var/in/bob for bob@domain1.com at bob@domain1.com'],
  },
  'R3: allowdup true holds for robots and files too; a foreign address gets one copy': {
    of: manyTwice,
    is: [
      'write /var/log/mail for bob@domain1.com at bob@domain1.com',
      'write /var/log/mail for sales@domain1.com at sales@domain1.com',
      'run drespond for bob@domain1.com',
      'run drespond for sales@domain1.com',
      'relay to fred@domain2.com for bob@domain1.com and sales@domain1.com',
    ],
  },
  'R3: allowdup false holds for robots and files too': {
    of: manyTwice,
    allowdup: false,
    is: [
      'write /var/log/mail for bob@domain1.com at bob@domain1.com',
      'run drespond for bob@domain1.com',
      'relay to fred@domain2.com for bob@domain1.com and sales@domain1.com',
    ],
  },
  "R3: a file that is somebody's drop file is that mailbox": {
    of: [recipient('bob@domain1.com', mailbox('bob')), recipient('log@domain1.com', file('/var/in/bob'))],
    allowdup: false,
    is: ['write /var/in/bob for bob@domain1.com at bob@domain1.com'],
  },
  'a foreign address is the same in any case': {
    of: [
      recipient('Fred@domain2.com', remote('Fred@domain2.com')),
      recipient('fred@DOMAIN2.com', remote('fred@DOMAIN2.com')),
    ],
    is: ['relay to Fred@domain2.com for Fred@domain2.com and fred@DOMAIN2.com'],
  },
  'plain relaying is one group, forwards are one for each Delivered-To': {
    of: [
      recipient('x@domain2.com', remote('x@domain2.com')),
      recipient('bob@domain1.com', by('bob@domain1.com', remote('bob@domain3.com'))),
      recipient('y@domain2.com', remote('y@domain2.com')),
      recipient('fred@domain1.com', by('fred@domain1.com', remote('fred@domain3.com'))),
      recipient('sales@domain1.com', by('bob@domain1.com', remote('z@domain3.com'))),
    ],
    is: [
      'relay to x@domain2.com for x@domain2.com, y@domain2.com for y@domain2.com',
      'forward by bob@domain1.com to bob@domain3.com for bob@domain1.com, z@domain3.com for sales@domain1.com',
      'forward by fred@domain1.com to fred@domain3.com for fred@domain1.com',
    ],
  },
  'R15: a mailbox the message has been in is a loop': {
    of: [recipient('bob@domain1.com', mailbox('bob')), recipient('fred@domain1.com', mailbox('fred'))],
    deliveredTo: ['bob@domain1.com'],
    is: ['write /var/in/fred for fred@domain1.com at fred@domain1.com', 'fail bob@domain1.com 5.4.6'],
  },
  'R15: however it is written': {
    of: [recipient('bob@domain1.com', mailbox('bob'))],
    deliveredTo: ['  <BOB@Domain1.com>  '],
    is: ['fail bob@domain1.com 5.4.6'],
  },
  'R15: a forward that the message has taken before is a loop': {
    of: [recipient('bob@domain1.com', by('bob@domain1.com', remote('bob@domain2.com')))],
    deliveredTo: ['x@domain3.com', 'bob@domain1.com'],
    is: ['fail bob@domain1.com 5.4.6'],
  },
  'R15: so is a robot': {
    of: [recipient('bob@domain1.com', by('bob@domain1.com', robot('drespond')))],
    deliveredTo: ['bob@domain1.com'],
    is: ['fail bob@domain1.com 5.4.6'],
  },
  'R15: plain relaying adds no Delivered-To and is held to none': {
    of: [recipient('x@domain2.com', remote('x@domain2.com'))],
    deliveredTo: ['x@domain2.com'],
    is: ['relay to x@domain2.com for x@domain2.com'],
  },
  'R15: a Delivered-To that is no address counts as its text': {
    of: [recipient('postmaster', mailbox('postmaster'))],
    deliveredTo: ['Postmaster'],
    is: ['fail postmaster 5.4.6'],
  },
  'a refused recipient fails and the others go on': {
    of: [refused('nobody@domain1.com', 'unknownUser'), recipient('bob@domain1.com', mailbox('bob'))],
    is: ['write /var/in/bob for bob@domain1.com at bob@domain1.com', 'fail nobody@domain1.com 5.1.1'],
  },
}

describe('the plan of a message', () => {
  for (const [sentence, { of, allowdup = true, deliveredTo = [], is }] of Object.entries(ROWS)) {
    it(sentence, () => {
      assert.deepEqual(inWords(planMessage(of, { allowDuplicates: allowdup, deliveredTo })), is)
    })
  }

  it('says nothing of paths to the sender', () => {
    const { failing } = planMessage([recipient('bob@domain1.com', mailbox('bob'))], {
      allowDuplicates: true,
      deliveredTo: ['bob@domain1.com'],
    })
    assert.equal(failing.length, 1)
    for (const { text } of failing) assert.doesNotMatch(text, /\/var/)
  })
})
