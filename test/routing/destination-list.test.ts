import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { pathMapper } from '../../lib/conf/paths.js'
import { formatWritten, parseDestination, type Written } from '../../lib/conf/destination.js'
import { splitDestinations } from '../../lib/conf/destination-list.js'

const mapPath = pathMapper(new Map(), '/srv/haraka')

function written(text: string): Written {
  const read = parseDestination(text, 'alias', mapPath)
  assert.ok(read.kind !== 'bad', text)
  return read
}

const word = fc.stringMatching(/^[A-Za-z0-9._=:/-]{1,8}$/)
/** An argument inside double quotes; one that begins like the end of a list item cannot be told from it (R6). */
const argument = fc.oneof(word, fc.stringMatching(/^[A-Za-z0-9._][A-Za-z0-9 ,._-]{0,8}$/), fc.constant(''))
const printed: fc.Arbitrary<Written> = fc.oneof(
  fc.stringMatching(/^[a-z0-9+_-]{1,8}(?:\.[a-z0-9]{1,4})?@[a-z]{1,8}\.com$/).map((text) => written(text)),
  fc
    .stringMatching(/^[a-z][a-z0-9._-]{0,8}$/)
    .filter((name) => name !== 'nul')
    .map((local) => ({ kind: 'user', local }) as const),
  fc.constantFrom<Written>({ kind: 'self' }, { kind: 'discard' }),
  fc.stringMatching(/^\/[a-z]{1,6}(?:\/[a-z0-9._-]{1,6}[a-z]){0,3}$/).map((path) => ({ kind: 'file', path }) as const),
  fc
    .tuple(fc.stringMatching(/^[a-z]{1,8}$/), fc.array(argument, { maxLength: 4 }))
    .map(([program, args]) => ({ kind: 'robot', argv: [program, ...args] }) as const),
)

describe('any list of destinations', () => {
  it('is read as it is shown', () => {
    fc.assert(
      fc.property(fc.array(printed, { maxLength: 6 }), (list) => {
        const text = list.map(formatWritten).join(', ')
        const read = splitDestinations(text).map((item) => written(item.text))
        assert.deepEqual(read.map(formatWritten), list.map(formatWritten))
        assert.deepEqual(read.map(essence), list.map(essence))
      }),
    )
  })

  it('of any text is cut without loss of anything but commas, quotes and blanks', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.stringMatching(/^[a,"| ]{0,20}$/)), (text) => {
        const rest = (from: string): string => from.replace(/[\s,"]/g, '')
        const items = splitDestinations(text)
        assert.equal(rest(items.map((item) => item.text).join('')), rest(text))
        for (const { text: item, offset } of items)
          assert.ok(text.startsWith(item, offset + text.slice(offset).search(/\S|$/)))
      }),
    )
  })
})

function essence(one: Written): unknown {
  return one.kind === 'address' ? one.address.key : one
}
