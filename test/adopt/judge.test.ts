import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { mayAdopt, type Facts } from '../../lib/adopt/judge.js'
import { lifeOf, type Life, type Listed, type Sight } from '../../lib/adopt/life.js'
import type { ProcessMark } from '../../lib/adopt/marks.js'

const NODE: ProcessMark = { node: 'mail3', owner: 'o3', prefix: 'dmail', host: 'host3', pid: 7, begun: '1' }
const SINGLE: ProcessMark = { ...NODE, node: '', prefix: '' }
const SEEN: Sight = { host: 'host1', runs: false, roll: [], prefix: 'dmail', renewed: false }
const listed = (ageMs: number, more: Partial<Listed> = {}): Listed => ({
  node: 'mail3',
  owner: 'o3',
  alive: ageMs < 7000,
  ageMs,
  ...more,
})

describe('whether the process that a mark names lives', () => {
  const rows: readonly (readonly [string, ProcessMark, Partial<Sight>, Life['state'], RegExp])[] = [
    [
      'a node that was heard of just now lives',
      NODE,
      { roll: [listed(2000)] },
      'alive',
      /mail3 lives: it was heard of 2 s ago/,
    ],
    ['a node that was heard of long ago is dead', NODE, { roll: [listed(60_000)] }, 'dead', /heard of 60 s ago/],
    ['a node that left is dead', NODE, {}, 'dead', /node mail3 is not up/],
    [
      'one with its name in another directory is another',
      NODE,
      { roll: [listed(1000, { owner: 'o9' })] },
      'dead',
      /not up/,
    ],
    [
      'one with another name in its directory is the same',
      NODE,
      { roll: [listed(1000, { node: 'new' })] },
      'alive',
      /lives/,
    ],
    ['one that renews its mark lives, whatever the roll says', NODE, { renewed: true }, 'alive', /renewed its mark/],
    [
      'one whose process runs here lives, whatever the roll says',
      NODE,
      { host: 'host3', runs: true },
      'alive',
      /process 7 runs/,
    ],
    ['a process of another machine with its number is none', NODE, { runs: true }, 'dead', /not up/],
    [
      'one that was heard of lives, though its process here is gone',
      NODE,
      { host: 'host3', roll: [listed(1)] },
      'alive',
      /heard/,
    ],
    ['while Redis is away nobody can tell', NODE, { roll: 'away' }, 'unknown', /Redis is away/],
    ['not of one that ran here either', NODE, { roll: 'away', host: 'host3' }, 'unknown', /Redis is away/],
    [
      'of a node of another cluster nobody can tell',
      NODE,
      { prefix: 'other' },
      'unknown',
      /another cluster, and ran on host3/,
    ],
    ['nor outside of any', NODE, { roll: 'none', prefix: '' }, 'unknown', /another cluster/],
    [
      'but where it ran here its process is gone',
      NODE,
      { roll: 'none', prefix: '', host: 'host3' },
      'dead',
      /process 7/,
    ],
    [
      'of a single Haraka of another machine nobody can tell',
      SINGLE,
      {},
      'unknown',
      /Haraka on host3 lives: it is in no cluster/,
    ],
    ['while Redis is away either', SINGLE, { roll: 'away' }, 'unknown', /no cluster/],
    [
      'a single Haraka of this machine whose process is gone is dead',
      SINGLE,
      { host: 'host3', roll: 'none' },
      'dead',
      /is gone/,
    ],
    ['one whose process runs lives', SINGLE, { host: 'host3', roll: 'none', runs: true }, 'alive', /process 7 runs/],
  ]
  for (const [title, mark, sight, state, why] of rows) {
    it(title, () => {
      const life = lifeOf(mark, { ...SEEN, ...sight })
      assert.equal(life.state, state, life.why)
      assert.match(life.why, why)
    })
  }
})

describe('whether a queue may be taken over', () => {
  const alive: Life = { state: 'alive', why: 'it lives' }
  const dead: Life = { state: 'dead', why: 'it is dead' }
  const unknown: Life = { state: 'unknown', why: 'nobody can tell' }
  const free: Facts = { owner: dead, adopter: undefined, hasRecord: true, force: false }
  const rows: readonly (readonly [string, Partial<Facts>, 'yes' | 'forced' | 'no', RegExp?])[] = [
    ['that of a dead node may be', {}, 'yes'],
    ['that of a living one may not, by force either', { owner: alive }, 'no', /^it lives/],
    ['where nobody can tell by force only', { owner: unknown }, 'forced', /nobody can tell/],
    ['where nothing says whose it is by force only', { owner: undefined }, 'forced', /nothing in it says whose/],
    ['while another takes it over it may not', { adopter: alive }, 'no', /being taken over already: it lives/],
    ['when that one has died it may be', { adopter: dead }, 'yes'],
    ['where nobody can tell of that one by force only', { adopter: unknown }, 'forced', /another has begun/],
    ['without what operators held by force only', { hasRecord: false }, 'forced', /what operators held and suspended/],
  ]
  for (const [title, some, may, why] of rows) {
    it(title, () => {
      const plain = mayAdopt({ ...free, ...some })
      const forced = mayAdopt({ ...free, ...some, force: true })
      assert.deepEqual([plain.ok, forced.ok], [may === 'yes', may !== 'no'])
      if (plain.ok) return
      assert.match(plain.message, why ?? /^$/)
      assert.notEqual(plain.hint, '')
      assert.equal(plain.force, may === 'forced')
      assert.equal(plain.hint.includes('--force'), may === 'forced')
    })
  }
})
