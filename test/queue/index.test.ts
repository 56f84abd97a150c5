import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { createQueueIndex, type QueueIndex } from '../../lib/queue/index.js'
import type { Entry } from '../../lib/queue/entry.js'

const FILE = '1700000000000_1700000007200_0_10_aaaaaa_1_host'
const RENAMED = '1700000000000_1700000014400_1_11_aaaaaa_2_host'
const OTHER = '1700000000001_1700000007200_0_10_bbbbbb_3_host'
const header = (domain: string): { domain: string; local: boolean; bytes: number } => ({
  domain,
  local: false,
  bytes: 9,
})

function added(index: QueueIndex, file: string): Entry {
  const entry = index.at(file, 'waiting')
  assert.ok(entry !== undefined)
  return entry
}

describe('the index of queue files', () => {
  it('makes an entry of a file, and knows it under its next name', () => {
    const index = createQueueIndex()
    const entry = added(index, FILE)
    assert.equal(index.at(RENAMED, 'sending'), entry)
    assert.deepEqual([entry.file, entry.stage, entry.attempts, index.size], [RENAMED, 'sending', 1, 1])
    assert.deepEqual([index.find(FILE), index.get(entry.id)], [entry, entry])
  })

  it('has none of a name that is no queue file', () => {
    const index = createQueueIndex()
    assert.deepEqual([index.at('README', 'waiting'), index.find('README'), index.size], [undefined, undefined, 0])
  })

  it('finds by domain and below it what was learned', () => {
    const index = createQueueIndex()
    const [one, two] = [added(index, FILE), added(index, OTHER)]
    assert.deepEqual(index.forDomain('example.com', true), [])
    index.learn(one, header('example.com'))
    index.learn(two, header('a.example.com'))
    assert.deepEqual(index.forDomain('example.com', false), [one])
    assert.deepEqual(index.forDomain('example.com', true), [one, two])
    assert.deepEqual(
      [...index.domains()].map(([domain]) => domain),
      ['example.com', 'a.example.com'],
    )
  })

  it('moves an entry whose domain is another now', () => {
    const index = createQueueIndex()
    const entry = added(index, FILE)
    index.learn(entry, header('example.com'))
    index.learn(entry, header('domain1.com'))
    assert.deepEqual([index.forDomain('example.com', false), index.forDomain('domain1.com', false)], [[], [entry]])
  })

  it('forgets what is removed, once and for all', () => {
    const index = createQueueIndex()
    const entry = added(index, FILE)
    index.learn(entry, header('example.com'))
    index.remove(entry)
    index.remove(entry)
    index.learn(entry, header('domain1.com'))
    assert.deepEqual([index.size, [...index.all()], [...index.domains()]], [0, [], []])
  })

  it('lists in the order of coming', () => {
    const index = createQueueIndex()
    const [one, two] = [added(index, FILE), added(index, OTHER)]
    index.at(RENAMED, 'waiting')
    assert.deepEqual([...index.all()], [one, two])
  })
})
