import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { matchesEntry, matchesHeader, needsHeader, type Filter } from '../../lib/queue/filter.js'
import { parseFilter } from '../../lib/queue/filter-words.js'

const NOW = 10_000_000
const HOUR = 3_600_000

/** Of bob@domain1.com, for three recipients, one hour old. */
const MESSAGE = {
  id: 'mc1abC',
  domain: 'domain2.example.com',
  arrivedMs: NOW - HOUR,
  uuid: '0A1B-22.1.1',
  sender: 'Bob@domain1.com',
  recipients: ['john@Domain2.Example.com', 'fred+lists@domain2.example.com', 'jörg@bücher.example'],
}

function filterOf(words: readonly string[]): Filter {
  const parsed = parseFilter(words, { need: true, nowMs: NOW })
  assert.ok(parsed.ok, JSON.stringify(parsed))
  return parsed.filter
}

function matches(words: readonly string[], message = MESSAGE): boolean {
  const filter = filterOf(words)
  return matchesEntry(filter, message) && matchesHeader(filter, message, message)
}

describe('a filter', () => {
  const rows: readonly [what: string, words: readonly string[], found: boolean][] = [
    ['all', ['all'], true],
    ['all, in any case', ['ALL'], true],
    ['the id', ['mc1abC'], true],
    ['the id in other case is another id', ['mc1abc'], false],
    ['id=', ['id=mc1abC'], true],
    ['id= in other case', ['id=MC1ABC'], false],
    ['id= with a wildcard', ['id=mc1*'], true],
    ['id= with a wildcard in other case', ['id=mc1AB?'], false],
    ['id= with ? for a capital', ['id=mc1ab?'], true],
    ['id= that is a list', ['id=zz,mc1abC'], true],
    ['id= with one taken out', ['id=mc*,!mc1abC'], false],
    ['the id of the log', ['0A1B-22.1.1'], true],
    ['the id of the log without its last number', ['0A1B-22.1'], true],
    ['the id of the log in small letters', ['0a1b-22.1'], true],
    ['the id of the log without both numbers', ['0A1B-22'], false],
    ['the id of another part of the message', ['0A1B-22.1.2'], false],
    ['its id or another', ['zz', 'mc1abC'], true],
    ['the domain', ['domain=domain2.example.com'], true],
    ['the domain in any case', ['DOMAIN=Domain2.EXAMPLE.com'], true],
    ['a wildcard for the domain', ['domain=*.example.com'], true],
    ['*.domain is not for the domain itself', ['domain=*.domain2.example.com'], false],
    ['a list of domains', ['domain=a.example, domain2.example.com'], true],
    ['a list that takes it out', ['domain=*,!domain2.example.com'], false],
    ['two words of one kind: any', ['domain=a.example', 'domain=domain2.*'], true],
    ['the sender', ['from=bob@domain1.com'], true],
    ['the sender in angle brackets', ['from=<bob@domain1.com>'], true],
    ['anybody of the domain', ['from=*@DOMAIN1.com'], true],
    ['a user part alone is no sender', ['from=bob'], false],
    ['the null sender', ['from=<>'], false],
    ['any recipient', ['to=fred+*'], true],
    ['a recipient, the domain as it is on the wire', ['to=jörg@xn--bcher-kva.example'], true],
    ['a recipient, the domain as people write it', ['to=*@Bücher.example'], true],
    ['no recipient', ['to=bob@*'], false],
    ['older', ['older=59m'], true],
    ['exactly as old', ['older=1h'], true],
    ['not old enough', ['older=2h'], false],
    ['two ages: any', ['older=2h', 'older=5m'], true],
    ['words of different kinds: both', ['domain=*', 'from=bob@*', 'older=1m', 'mc1abC'], true],
    ['words of different kinds: one does not hold', ['domain=*', 'from=fred@*'], false],
    ['all together with another word is that word', ['all', 'from=fred@*'], false],
  ]
  for (const [what, words, found] of rows) {
    it(`${what}: ${found ? 'found' : 'not found'}`, () => {
      assert.equal(matches(words), found)
    })
  }

  it('mail without a sender is found as <>, and by *', () => {
    const report = { ...MESSAGE, sender: '' }
    assert.deepEqual(
      [matches(['from=<>'], report), matches(['from=*'], report), matches(['from=*@*'], report)],
      [true, true, false],
    )
  })

  it('an entry whose header was not read yet is for no domain', () => {
    assert.equal(matchesEntry(filterOf(['domain=*']), { ...MESSAGE, domain: undefined }), false)
    assert.equal(matchesEntry(filterOf(['all']), { ...MESSAGE, domain: undefined }), true)
  })
})

describe('a filter that is wrong', () => {
  const rows: readonly [words: readonly string[], message: RegExp, hint: RegExp][] = [
    [[], /every message/, /"all"/],
    [['color=blue'], /"color=blue" is no filter/, /domain=/],
    [['all=yes'], /"all=yes" is no filter/, /domain=/],
    [['name=x'], /"name=x" is no filter/, /domain=/],
    [['__proto__=x'], /no filter|neither/, /domain=/],
    [['bob@domain1.com'], /neither an id/, /from=/],
    [['mc*'], /neither an id/, /id=/],
    [[''], /neither an id/, /id=/],
    [['domain='], /domain= needs a value/, /domain=domain1\.com/],
    [['domain=!'], /domain= needs a value/, /domain=domain1\.com/],
    [['from='], /from= needs a value/, /from=<>/],
    [['to=,'], /to= needs a value/, /to=/],
    [['to=a\u0007b'], /control character/, /to=/],
    [['older=soon'], /"soon" is no duration/, /older=90s/],
    [['all', 'older=2'], /"2" is no duration/, /older=90s/],
  ]
  for (const [words, message, hint] of rows) {
    it(`${JSON.stringify(words)}: says what, and what to write`, () => {
      const parsed = parseFilter(words, { need: true, nowMs: NOW })
      assert.ok(!parsed.ok)
      assert.match(parsed.message, message)
      assert.match(parsed.hint, hint)
    })
  }

  it('no words are everything where that does no harm', () => {
    const parsed = parseFilter([], { need: false, nowMs: NOW })
    assert.ok(parsed.ok && matchesEntry(parsed.filter, MESSAGE))
  })
})

it('headers are needed for senders, recipients and ids of the log, and for nothing else', () => {
  for (const words of [['all'], ['mc1abC'], ['id=mc*'], ['domain=*.com'], ['older=1h']]) {
    assert.equal(needsHeader(filterOf(words)), false, words.join())
  }
  for (const words of [['from=*'], ['to=*'], ['0A-1'], ['mc1abC', '0A-1']]) {
    assert.equal(needsHeader(filterOf(words)), true, words.join())
  }
})

describe('for any words at all', () => {
  const word = fc.oneof(
    fc.string(),
    fc
      .tuple(fc.constantFrom('id', 'domain', 'from', 'to', 'older', 'ID'), fc.string())
      .map(([key, value]) => `${key}=${value}`),
  )
  it('reading them never throws, and gives a filter that answers or an error in words', () => {
    fc.assert(
      fc.property(fc.array(word), (words) => {
        const parsed = parseFilter(words, { need: true, nowMs: NOW })
        if (parsed.ok) {
          assert.equal(typeof matchesEntry(parsed.filter, MESSAGE), 'boolean')
          assert.equal(typeof matchesHeader(parsed.filter, MESSAGE, MESSAGE), 'boolean')
        } else {
          assert.ok(parsed.message !== '' && parsed.hint !== '')
        }
      }),
    )
  })

  const ids = fc.stringMatching(/^[0-9a-z]{8}[0-9A-Za-z]{6}$/)
  it('a message is found by its own id, and by no other', () => {
    fc.assert(
      fc.property(ids, ids, (id, other) => {
        const message = { ...MESSAGE, id }
        assert.ok(matches([id], message) && matches([`id=${id}`], message))
        assert.equal(matches([other], message), id === other)
        assert.equal(matches([`id=${other.slice(0, -1)}?`], message), id.slice(0, -1) === other.slice(0, -1))
      }),
    )
  })

  it('another word of a new kind never finds more', () => {
    fc.assert(
      fc.property(fc.constantFrom('from=bob@*', 'from=x@*', 'older=2h', 'older=1m', 'mc1abC', 'zz'), (more) => {
        assert.ok(!matches(['domain=domain2.*', more]) || matches(['domain=domain2.*']))
        assert.equal(matches(['domain=domain2.*', more]), matches([more]))
      }),
    )
  })
})
