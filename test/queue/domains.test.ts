import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import * as fc from 'fast-check'
import { createDomains, parents } from '../../lib/queue/domains.js'

type Pair = readonly [domain: string, item: number]
interface Model {
  pairs: Pair[]
}
type Real = ReturnType<typeof createDomains<number>>
type Command = fc.Command<Model, Real>

class Add implements Command {
  constructor(readonly pair: Pair) {}
  check = (): boolean => true
  run(model: Model, real: Real): void {
    model.pairs = [...without(model, this.pair), this.pair]
    real.add(...this.pair)
  }
  toString = (): string => `add ${this.pair.join(' ')}`
}

class Remove implements Command {
  constructor(readonly pair: Pair) {}
  check = (): boolean => true
  run(model: Model, real: Real): void {
    model.pairs = without(model, this.pair)
    real.remove(...this.pair)
  }
  toString = (): string => `remove ${this.pair.join(' ')}`
}

class Ask implements Command {
  constructor(
    readonly asked: string,
    readonly below: boolean,
  ) {}
  check = (): boolean => true
  run({ pairs }: Model, real: Real): void {
    const expected = pairs
      .filter(([domain]) => domain === this.asked || (this.below && domain.endsWith(`.${this.asked}`)))
      .map(([, item]) => item)
    assert.deepEqual(real.of(this.asked, this.below).sort(), expected.sort())
    assert.deepEqual(
      [...real.all()].flatMap(([domain, items]) => [...items].map((item) => `${domain} ${item}`)).sort(),
      pairs.map((pair) => pair.join(' ')).sort(),
    )
  }
  toString = (): string => `of ${this.asked} ${String(this.below)}`
}

function without({ pairs }: Model, [domain, item]: Pair): Pair[] {
  return pairs.filter((pair) => pair[0] !== domain || pair[1] !== item)
}

describe('things by domain', () => {
  it('are found for a domain, and below it, as by looking at each', () => {
    const domain = fc
      .array(fc.constantFrom('a', 'b', 'com', ''), { minLength: 1, maxLength: 4 })
      .map((all) => all.join('.'))
    const item = fc.nat(5)
    const commands = fc.commands<Model, Real>(
      [
        fc.tuple(domain, item).map((pair) => new Add(pair)),
        fc.tuple(domain, item).map((pair) => new Remove(pair)),
        fc.tuple(domain, fc.boolean()).map((args) => new Ask(...args)),
      ],
      { maxCommands: 60, size: 'max' },
    )
    fc.assert(
      fc.property(commands, (list) => {
        fc.modelRun(() => ({ model: { pairs: [] }, real: createDomains<number>() }), list)
      }),
      { numRuns: 300 },
    )
  })

  it('leave nothing behind when all are removed', () => {
    const domains = createDomains<number>()
    domains.add('a.b.example.com', 1)
    domains.remove('a.b.example.com', 1)
    assert.deepEqual([[...domains.all()], domains.of('com', true)], [[], []])
  })
})

describe('the domains above a domain', () => {
  const rows: readonly [string, string[]][] = [
    ['a.b.com', ['b.com', 'com']],
    ['com', []],
    ['', []],
    ['a..com', ['.com', 'com']],
  ]
  for (const [domain, expected] of rows) {
    it(`of ${JSON.stringify(domain)} are ${JSON.stringify(expected)}`, () => {
      assert.deepEqual(parents(domain), expected)
    })
  }

  it('are at most 127, whatever a stranger calls his domain', () => {
    assert.equal(parents('a.'.repeat(5000)).length, 127)
  })
})
