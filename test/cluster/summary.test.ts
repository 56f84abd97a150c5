import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { MAX_SUMMARY_DOMAINS, readSummary, writeSummary, type NodeSummary } from '../../lib/cluster/summary.js'
import { clusterLines, silentText } from '../../lib/text/nodes.js'

const SUMMARY: NodeSummary = {
  version: '1.0.0',
  pid: 7,
  startedMs: 1000,
  config: 'abc',
  messages: 12,
  domains: [['a.example', 12]],
  suspended: 1,
}

describe('the summary of a node', () => {
  it('comes through as it is', () => {
    assert.deepEqual(readSummary(writeSummary(SUMMARY)), SUMMARY)
  })

  it('names no more domains than have room, and none that is too long', () => {
    const many = Array.from({ length: 100 }, (_, n) => [`d${n}.example`, n] as const)
    const read = readSummary(writeSummary({ ...SUMMARY, domains: many }))
    assert.equal(read?.domains.length, MAX_SUMMARY_DOMAINS)
    const long = writeSummary({ ...SUMMARY, domains: [['x'.repeat(1000), 1]] })
    assert.deepEqual(readSummary(long)?.domains, [])
  })

  for (const text of [undefined, '', '[]', '{}', JSON.stringify({ ...SUMMARY, pid: -1 }), `"${'x'.repeat(20_000)}"`]) {
    it(`is nothing where no node wrote it: ${String(text).slice(0, 40)}`, () => {
      assert.equal(readSummary(text), undefined)
    })
  }
})

describe('nodes in words', () => {
  const nodes = [
    { node: 'one', alive: true, ageMs: 0, summary: SUMMARY },
    { node: 'two', alive: true, ageMs: 900, summary: { ...SUMMARY, messages: 1, version: '2.0.0', config: 'x' } },
    { node: 'three', alive: false, ageMs: 120_000 },
  ]

  it('of one that has joined', () => {
    assert.deepEqual(clusterLines({ node: 'one', state: 'joined', sinceMs: 0, why: '', nodes }, 1000), [
      'cluster: node one, 2 nodes up',
      '  two: 1 message, dmail 2.0.0, another configuration',
      '  three, dead since 2m',
    ])
  })

  it('of one that is alone, and why', () => {
    const away = { node: 'one', state: 'away', sinceMs: 0, why: 'connect ECONNREFUSED\u001b', nodes: [] } as const
    assert.deepEqual(clusterLines(away, 60_000), [
      'cluster: node one is alone since 1m: Redis is away: connect ECONNREFUSED\\x1b',
    ])
  })

  it('those that did not answer are named', () => {
    assert.equal(
      silentText({ answered: ['a'], silent: ['b'] }, 'may have more'),
      '; node b did not answer: it may have more',
    )
    assert.equal(silentText({ answered: ['a'], silent: [] }, 'may have more'), '')
    assert.equal(silentText(undefined, 'may have more'), '')
    const many = Array.from({ length: 12 }, (_, n) => `n${n}`)
    assert.match(
      silentText({ answered: [], silent: many }, 'may have more'),
      /; node n9 did [^;]*; so it is with 2 more nodes$/,
    )
  })
})
