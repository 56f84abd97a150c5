import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { changeText, mergeTexts } from '../../lib/cluster/record.js'
import {
  heldBy,
  inherited,
  isOldText,
  REMEMBERED_MS,
  stamped,
  textsOf,
  withTexts,
} from '../../lib/queue/operator-changes.js'
import { NOTHING_DECIDED, type OperatorState } from '../../lib/queue/operator-state.js'

const NOW = 1_800_000_000_000

type Deed =
  | { readonly do: 'suspend'; readonly domain: string; readonly untilMs: number | undefined }
  | { readonly do: 'resume'; readonly domain: string }
  | { readonly do: 'hold' | 'release'; readonly id: string }

const domain = fc.constantFrom('a.example', '*.a.example', '*')
const id = fc.constantFrom('mie3k2a1AbCdEf', 'mie3k2a1AbCdEg')
const deed: fc.Arbitrary<Deed> = fc.oneof(
  fc.record({
    do: fc.constant('suspend' as const),
    domain,
    untilMs: fc.constantFrom(undefined, NOW + 1000, NOW + 2000, NOW + 9_000_000),
  }),
  fc.record({ do: fc.constant('resume' as const), domain }),
  fc.record({ do: fc.constantFrom('hold' as const, 'release' as const), id }),
)

function done(state: OperatorState, what: Deed, sinceMs: number): OperatorState {
  const { suspensions, held } = state
  switch (what.do) {
    case 'suspend': {
      const { domain: name, untilMs } = what
      const others = suspensions.filter((one) => one.domain !== name)
      const one = { domain: name, reason: 'why', sinceMs, ...(untilMs === undefined ? {} : { untilMs }) }
      return { ...state, suspensions: [...others, one] }
    }
    case 'resume':
      return { ...state, suspensions: suspensions.filter((one) => one.domain !== what.domain) }
    case 'hold':
      return { ...state, held: [...new Set([...held, what.id])] }
    case 'release':
      return { ...state, held: held.filter((one) => one !== what.id) }
  }
}

/** What is in force, in one order. */
function inWords({ suspensions, held }: OperatorState): string {
  const words = [...suspensions.map((one) => JSON.stringify(one)), ...held]
  return words.sort().join('\n')
}

describe('decisions of operators on several nodes', () => {
  it('whatever is decided where, all have the same when they have heard of each other, in any order', () => {
    const steps = fc.array(fc.tuple(fc.integer({ min: 0, max: 2 }), deed, fc.integer({ min: 0, max: 3000 })), {
      maxLength: 20,
    })
    fc.assert(
      fc.property(steps, fc.boolean(), (all, backwards) => {
        const nodes: OperatorState[] = [NOTHING_DECIDED, NOTHING_DECIDED, NOTHING_DECIDED]
        let nowMs = NOW
        for (const [node, what, passes] of all) {
          nowMs += passes
          const before = nodes[node] ?? NOTHING_DECIDED
          nodes[node] = stamped(before, done(before, what, nowMs), `n${node}`, nowMs).state
        }
        const told = nodes.map(textsOf)
        const order = backwards ? [...told].reverse() : told
        const heard = nodes.map((state) =>
          order.reduce((now, texts) => withTexts(now, mergeNews(now, texts), nowMs), state),
        )
        const [first, ...others] = heard.map(inWords)
        for (const other of others) assert.equal(other, first)
        // Once more changes nothing, or it would never end.
        const whole = heard.map(textsOf).reduce(mergeTexts)
        for (const state of heard) assert.equal(inWords(withTexts(state, whole, nowMs)), first)
      }),
    )
  })

  it('a decision changes what it is about and nothing else', () => {
    const before = stamped(NOTHING_DECIDED, { suspensions: [{ domain: 'a.example' }], held: ['x'] }, 'one', NOW).state
    const { state, texts } = stamped(before, { ...before, suspensions: [] }, 'two', NOW + 5)
    assert.deepEqual([...texts], [['suspend a.example', changeText({ atMs: NOW + 5, by: 'two', value: undefined })]])
    assert.deepEqual(state.changes?.['hold x'], { atMs: NOW, by: 'one' })
  })

  it('one made by a clock that is behind counts all the same', () => {
    const ahead = stamped(
      NOTHING_DECIDED,
      { suspensions: [{ domain: 'a.example' }], held: [] },
      'one',
      NOW + 60_000,
    ).state
    const { texts } = stamped(ahead, { ...ahead, suspensions: [] }, 'two', NOW)
    assert.deepEqual(withTexts(ahead, texts, NOW).suspensions, [])
  })

  it('what was decided before there was a cluster is brought into it', () => {
    const old: OperatorState = { suspensions: [{ domain: 'a.example', sinceMs: NOW - 5000 }], held: ['x1'] }
    const { suspensions, held } = withTexts(NOTHING_DECIDED, textsOf(old), NOW)
    assert.deepEqual({ suspensions, held }, old)
  })

  const foreign: readonly [string, string, string | undefined][] = [
    ['no domain', 'suspend not a domain', '{"domain":"not a domain"}'],
    ['a pattern that no command makes', 'suspend a*b.example', '{"domain":"a*b.example"}'],
    ['another domain', 'suspend a.example', '{"domain":"b.example"}'],
    ['no JSON', 'suspend a.example', '{'],
    ['a reason that writes on a terminal', 'suspend a.example', '{"domain":"a.example","reason":"\\u001b[2J"}'],
    ['a reason of any length', 'suspend a.example', JSON.stringify({ domain: 'a.example', reason: 'x'.repeat(501) })],
    ['no id', 'hold ../../etc', ''],
    ['something else', 'drop all', ''],
  ]
  for (const [name, key, value] of foreign) {
    it(`what is no decision is left out: ${name}`, () => {
      const texts = new Map([[key, changeText({ atMs: NOW, by: 'x', value })]])
      assert.equal(inWords(withTexts(NOTHING_DECIDED, texts, NOW)), '')
    })
  }

  it('what ended is remembered for a week', () => {
    const before = stamped(NOTHING_DECIDED, { suspensions: [], held: ['x'] }, 'one', NOW - 1).state
    const { state, texts } = stamped(before, { ...before, held: [] }, 'one', NOW)
    const later = (ms: number): OperatorState => withTexts(state, new Map(), NOW + ms)
    assert.deepEqual(Object.keys(later(REMEMBERED_MS).changes ?? {}), ['hold x'])
    assert.deepEqual(Object.keys(later(REMEMBERED_MS + 1).changes ?? {}), [])
    const [text = ''] = texts.values()
    assert.deepEqual([isOldText(text, NOW + REMEMBERED_MS), isOldText(text, NOW + REMEMBERED_MS + 1)], [false, true])
    assert.equal(isOldText(changeText({ atMs: 1, by: '', value: 'still' }), NOW), false)
  })

  it('one that was made to go on counts on a node, too, where its time was over before it heard of that', () => {
    const untilMs = NOW + 1000
    const short = stamped(NOTHING_DECIDED, { suspensions: [{ domain: 'a.example', untilMs }], held: [] }, 'one', NOW)
    const going = { ...short.state, suspensions: [{ domain: 'a.example' }] }
    const { texts } = stamped(short.state, going, 'two', untilMs - 500)
    // Meanwhile the other node, out of reach, decides something else.
    const other = stamped(short.state, { ...short.state, held: ['x'] }, 'one', untilMs + 500).state
    const heard = withTexts(other, mergeNews(other, texts), untilMs + 600)
    assert.deepEqual(heard.suspensions, [{ domain: 'a.example' }])
    assert.deepEqual(mergeNews(going, textsOf(other)).has('suspend a.example'), false)
  })

  it('a suspension whose time was over a week ago is nothing any more', () => {
    const suspensions = [{ domain: 'a.example', untilMs: NOW + 1000 }]
    const { state, texts } = stamped(NOTHING_DECIDED, { suspensions, held: [] }, 'one', NOW)
    const later = (ms: number): OperatorState => withTexts(state, new Map(), NOW + 1000 + ms)
    assert.deepEqual(later(REMEMBERED_MS - 1).suspensions, suspensions)
    const { suspensions: none, changes } = later(REMEMBERED_MS)
    assert.deepEqual([none, changes], [[], {}])
    const [text = ''] = texts.values()
    const isOld = (ms: number): boolean => isOldText(text, NOW + 1000 + ms)
    assert.deepEqual([isOld(REMEMBERED_MS - 1), isOld(REMEMBERED_MS)], [false, true])
  })

  it('a held message is looked after by the node it was held on', () => {
    const here = stamped(NOTHING_DECIDED, { suspensions: [], held: ['a'] }, 'one', NOW).state
    const there = stamped(NOTHING_DECIDED, { suspensions: [], held: ['b'] }, 'two', NOW).state
    const both = withTexts(here, textsOf(there), NOW)
    assert.deepEqual([...both.held].sort(), ['a', 'b'])
    assert.deepEqual(heldBy(both, both.held, 'one'), ['a'])
    assert.deepEqual(heldBy({ suspensions: [], held: ['c'] }, ['c'], 'one'), ['c'])
  })
})

/** As a cluster gives them: what counts more than what is there. */
function mergeNews(state: OperatorState, texts: ReadonlyMap<string, string>): ReadonlyMap<string, string> {
  const mine = textsOf(state)
  const merged = mergeTexts(mine, texts)
  return new Map([...merged].filter(([key, text]) => mine.get(key) !== text))
}

describe('what a node takes over of what was decided on a dead one', () => {
  const [A, B] = ['mie3k2a1AbCdEf', 'mie3k2a1AbCdEg']
  const dead: OperatorState = {
    suspensions: [{ domain: 'a.example', reason: 'dead', sinceMs: NOW - 2000 }],
    held: [A, B],
    changes: {
      'suspend a.example': { atMs: NOW - 2000, by: 'dead' },
      [`hold ${A}`]: { atMs: NOW - 1000, by: 'dead' },
      [`hold ${B}`]: { atMs: NOW - 1000, by: 'dead' },
    },
  }
  const rows: readonly (readonly [string, OperatorState, OperatorState, string[], string])[] = [
    ['what it lacks it has', NOTHING_DECIDED, dead, [A, B], 'dead'],
    ['without a cluster too', NOTHING_DECIDED, { suspensions: dead.suspensions, held: [A, B] }, [A, B], 'dead'],
    [
      'of two suspensions the later counts',
      { ...NOTHING_DECIDED, suspensions: [{ domain: 'a.example', reason: 'own', sinceMs: NOW - 1000 }] },
      dead,
      [A, B],
      'own',
    ],
    [
      'what was released later stays released',
      { ...NOTHING_DECIDED, changes: { [`hold ${B}`]: { atMs: NOW - 500, by: 'own' } } },
      dead,
      [A],
      'dead',
    ],
    ['where it has it already it stays', dead, dead, [A, B], 'dead'],
    [
      'what lies there still is held, also where that was tidied away here, since it was in no queue',
      { ...NOTHING_DECIDED, changes: { [`hold ${A}`]: { atMs: NOW - 500, by: 'own' } } },
      dead,
      [A, B],
      'dead',
    ],
  ]
  for (const [title, own, other, held, reason] of rows) {
    it(title, () => {
      const { state, texts } = inherited(own, other, new Set([A]), 'own', NOW)
      assert.deepEqual([...state.held].sort(), held)
      assert.deepEqual(
        state.suspensions.map((one) => one.reason),
        [reason],
      )
      // Only what is in this queue is looked after here; there it would be tidied away when that node starts.
      assert.deepEqual(heldBy(state, [A], 'own'), [A])
      assert.deepEqual(heldBy(state, [A], 'dead'), [])
      assert.ok(texts.has(`hold ${A}`))
    })
  }
})
