import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { DsnEvent } from '../../lib/dsn/decide.js'
import { deliveredNews, whoHears, type News } from '../../lib/dsn/news.js'
import { DSN_NOTE, makeNote } from '../../lib/dsn/note.js'
import type { Notify } from '../../lib/dsn/params.js'
import type { Party } from '../../lib/dsn/party.js'
import { recipientParameters } from '../../lib/dsn/pass-on.js'
import type { Placed, Step } from '../../lib/routing/types.js'
import { planMessage } from '../../lib/spool/plan.js'
import { delay, failure, noteOf, success } from '../../plugins/dsn/events.js'
import type { HarakaHmail } from '../../plugins/haraka/outbound-types.js'
import { discard, mailbox, recipient, refused } from '../spool/support.js'

const BOB = 'bob@domain1.com'

/** Who takes the message next: the mode Haraka names, and what was offered after EHLO. */
const HOPS: readonly [name: string, mode: string, keywords: readonly string[]][] = [
  ['with DSN', 'SMTP', ['DSN', 'SIZE']],
  ['without DSN', 'SMTP', ['SIZE']],
  ['LMTP', 'LMTP', []],
  ['LMTP with DSN', 'LMTP', ['DSN']],
  ['a drop file here', 'LOCAL', []],
]

/** What becomes of it when it is carried out at once: by the plan, without a next hop. */
const PLACES = [
  'its drop file',
  "the operator's list",
  "the user's own list",
  'nowhere, as wanted',
  'refused here',
] as const

const OUTCOMES = ['failed', 'delayed', 'taken'] as const

/**
 * A letter per next hop, in the order of HOPS, for each outcome; then one per place, in the order of PLACES. A report: F failed,
 * Y delayed, L relayed, V delivered, E expanded. P: the wish is passed on and nothing is reported. D: a double bounce. `-`: nothing.
 */
interface Cells {
  readonly failed: string
  readonly delayed: string
  readonly taken: string
  readonly here: string
}

const NULL_SENDER: Cells = { failed: 'DDDDD', delayed: '-----', taken: 'P--P-', here: '----D' }

const ROWS: readonly [title: string, notify: Notify | undefined, sender: Cells, nullSender: Cells][] = [
  [
    'no NOTIFY',
    undefined,
    { failed: 'FFFFF', delayed: '-----', taken: '-----', here: '----F' },
    { ...NULL_SENDER, taken: '-----' },
  ],
  [
    'NEVER',
    'never',
    { failed: '-----', delayed: '-----', taken: 'P--P-', here: '-----' },
    { ...NULL_SENDER, failed: '-----', here: '-----' },
  ],
  ['SUCCESS', ['success'], { failed: '-----', delayed: '-----', taken: 'PLVPV', here: 'VEV--' }, NULL_SENDER],
  ['FAILURE', ['failure'], { failed: 'FFFFF', delayed: '-----', taken: 'P--P-', here: '----F' }, NULL_SENDER],
  ['DELAY', ['delay'], { failed: '-----', delayed: 'YYYYY', taken: 'P--P-', here: '-----' }, NULL_SENDER],
  [
    'SUCCESS,FAILURE',
    ['success', 'failure'],
    { failed: 'FFFFF', delayed: '-----', taken: 'PLVPV', here: 'VEV-F' },
    NULL_SENDER,
  ],
  [
    'SUCCESS,DELAY',
    ['success', 'delay'],
    { failed: '-----', delayed: 'YYYYY', taken: 'PLVPV', here: 'VEV--' },
    NULL_SENDER,
  ],
  [
    'FAILURE,DELAY',
    ['failure', 'delay'],
    { failed: 'FFFFF', delayed: 'YYYYY', taken: 'P--P-', here: '----F' },
    NULL_SENDER,
  ],
  [
    'SUCCESS,FAILURE,DELAY',
    ['success', 'failure', 'delay'],
    { failed: 'FFFFF', delayed: 'YYYYY', taken: 'PLVPV', here: 'VEV-F' },
    NULL_SENDER,
  ],
]

const LETTER: Partial<Record<DsnEvent, string>> = {
  failed: 'F',
  delayed: 'Y',
  relayed: 'L',
  delivered: 'V',
  expanded: 'E',
}

function party(notify: Notify | undefined): Party {
  return { given: BOB, ...(notify === undefined ? {} : { notify }) }
}

function toldOf(news: readonly News[], nullSender: boolean): string {
  const [telling, ...more] = whoHears(news, nullSender)
  assert.deepEqual(more, [])
  if (telling === undefined) return '-'
  const [first, ...others] = telling.news
  assert.deepEqual(others, [])
  return telling.kind === 'double bounce' ? 'D' : (LETTER[first?.event ?? 'discarded'] ?? '?')
}

/** A queue file after its first attempt. */
function queued(notify: Notify | undefined, mode: string): HarakaHmail {
  const work = { kind: 'deliver', copy: { original: BOB, found: BOB, destination: mailbox('bob') } }
  const note = makeNote({}, [{ address: BOB, parties: [party(notify)] }])
  const notes = {
    ...(note === undefined ? {} : { [DSN_NOTE]: JSON.parse(JSON.stringify(note)) as unknown }),
    ...(mode === 'LOCAL' ? { dmail: { version: 1, work } } : {}),
  }
  const rcpt_to = [{ original: `<${BOB}>`, user: 'bob', host: 'domain1.com' }]
  return { todo: { rcpt_to, notes }, num_failures: 1 } as unknown as HarakaHmail
}

function hopCell(
  outcome: (typeof OUTCOMES)[number],
  [, mode, keywords]: (typeof HOPS)[number],
  notify: Notify | undefined,
  nullSender: boolean,
): string {
  const hmail = queued(notify, mode)
  const offers = (keyword: string): boolean => keywords.includes(keyword)
  const parameters = ['mx.example.com', '192.0.2.1', 'queued', 1, 25, mode, hmail.todo.rcpt_to]
  const news = {
    failed: () => failure(hmail, false),
    delayed: () => delay(hmail, undefined),
    taken: () => success(hmail, parameters, offers),
  }[outcome]()
  const told = toldOf(news, nullSender)
  const isPassedOn = outcome === 'taken' && offers('DSN') && recipientParameters(noteOf(hmail), BOB) !== ''
  assert.ok(!isPassedOn || told === '-', 'passed on and reported')
  return isPassedOn ? 'P' : told
}

function placeCell(place: (typeof PLACES)[number], notify: Notify | undefined, nullSender: boolean): string {
  const step: Step = { id: 1, parent: undefined, step: 'user', input: 'bob', rule: '', at: undefined, output: [] }
  const list = recipient(BOB, mailbox('fred'), mailbox('john'))
  const owned = list.route.destinations.map((one): Placed => ({ ...one, step }))
  const routed = {
    'its drop file': recipient(BOB, mailbox('bob')),
    "the operator's list": list,
    "the user's own list": { ...list, route: { ...list.route, destinations: owned } as typeof list.route },
    'nowhere, as wanted': recipient(BOB, discard),
    'refused here': refused(BOB, 'unknownUser'),
  }[place]
  const { immediate, failing, lists } = planMessage([{ ...routed, parties: [party(notify)] }], {
    allowDuplicates: true,
    deliveredTo: [],
  })
  const failed = failing.flatMap(({ parties, status, text }) =>
    parties.map((one): News => ({ party: one, event: 'failed', status, reason: text })),
  )
  return toldOf([...lists, ...immediate.flatMap(({ parties }) => parties.map(deliveredNews)), ...failed], nullSender)
}

describe('what a sender hears', () => {
  for (const [title, notify, toSender, fromNull] of ROWS) {
    for (const [who, nullSender, cells] of [
      ['a sender', false, toSender],
      ['the null sender', true, fromNull],
    ] as const) {
      for (const outcome of OUTCOMES) {
        HOPS.forEach((hop, at) => {
          const expected = cells[outcome].charAt(at)
          it(`${title} of ${who}, ${outcome}, next hop ${hop[0]}: ${expected}`, () => {
            assert.equal(hopCell(outcome, hop, notify, nullSender), expected)
          })
        })
      }
      PLACES.forEach((place, at) => {
        const expected = cells.here.charAt(at)
        it(`${title} of ${who}, ${place}: ${expected}`, () => {
          assert.equal(placeCell(place, notify, nullSender), expected)
        })
      })
    }
  }
})

describe('events of a queue file', () => {
  const events = (news: readonly News[]): string[] => news.map(({ event, party: { given } }) => `${event} ${given}`)

  it('a second deferral is none (N4)', () => {
    const again = Object.assign(queued(['delay'], 'SMTP'), { num_failures: 2 })
    assert.deepEqual(delay(again, undefined), [])
  })

  it('nor is the first one of a file that was split off after one', () => {
    const hmail = queued(['delay'], 'SMTP')
    const note = hmail.todo.notes[DSN_NOTE] as object
    hmail.todo.notes[DSN_NOTE] = { ...note, delayed: true }
    assert.deepEqual(delay(hmail, undefined), [])
  })

  it('a message that came home tells nothing: what was done with it has told its news', () => {
    const hmail = queued(['success'], 'SMTP')
    assert.deepEqual(
      success(hmail, ['localhost', '127.0.0.1', 'delivered', 0, 0, 'LOCAL', hmail.todo.rcpt_to], undefined),
      [],
    )
  })

  it('a next hop whose EHLO nobody heard does not know DSN', () => {
    const hmail = queued(['success'], 'SMTP')
    const parameters = ['mx.example.com', '192.0.2.1', 'queued', 1, 25, 'SMTP', hmail.todo.rcpt_to]
    assert.deepEqual(events(success(hmail, parameters, undefined)), [`relayed ${BOB}`])
  })

  it('only those that were taken are relayed', () => {
    const hmail = queued(['success'], 'SMTP')
    assert.deepEqual(success(hmail, ['mx.example.com', '192.0.2.1', 'queued', 1, 25, 'SMTP', []], undefined), [])
  })

  it('concern everybody for whom the copy is', () => {
    const hmail = queued(undefined, 'SMTP')
    const parties = [{ given: 'sales@domain1.com' }, { given: 'info@domain1.com' }]
    hmail.todo.notes[DSN_NOTE] = makeNote({}, [{ address: BOB, parties }])
    assert.deepEqual(events(failure(hmail, false)), ['failed sales@domain1.com', 'failed info@domain1.com'])
  })
})
