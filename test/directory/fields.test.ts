import assert from 'node:assert/strict'
import test from 'node:test'
import fc from 'fast-check'
import { formatFields, parseFields } from '../../lib/directory/fields.js'

const rows: [text: string, info: string, fields: Record<string, string> | undefined][] = [
  ['nothing has no fields', '', {}],
  ['an empty fwd is an empty value', 'fwd=""', { fwd: '' }],
  [
    'fields are separated by blanks and tabs',
    'fwd="a@domain1.com" \t quota="100k"',
    { fwd: 'a@domain1.com', quota: '100k' },
  ],
  ['labels are folded, unknown ones kept', 'FWD="$user" Groups="adults"', { fwd: '$user', groups: 'adults' }],
  ['a later value of a label wins', 'quota="1" quota="2"', { quota: '2' }],
  ['a robot keeps its back-slashes', 'fwd="|c:\\dmail\\drespond.exe"', { fwd: '|c:\\dmail\\drespond.exe' }],
  [
    'bare inner quotes are kept (R11)',
    'fwd=""|prog "two words" arg"" quota="5"',
    { fwd: '"|prog "two words" arg"', quota: '5' },
  ],
  [
    'escaped inner quotes lose the escape (R11)',
    'fwd="|prog \\"two words\\"" q="5"',
    { fwd: '|prog "two words"', q: '5' },
  ],
  ['a value that ends in a back-slash ends there', 'dir="c:\\in\\" quota="5"', { dir: 'c:\\in\\', quota: '5' }],
  [
    'label=" inside a value without a quote before it is text',
    'fwd="|p name="x"" quota="5"',
    { fwd: '|p name="x"', quota: '5' },
  ],
  ['text that is no field is passed over', 'junk fwd="a@domain1.com" more', { fwd: 'a@domain1.com' }],
  ['a value without its closing quote spoils the whole', 'quota="5" fwd="bob@example.c', undefined],
]

test('info fields', async (t) => {
  for (const [text, info, fields] of rows) {
    await t.test(text, () => {
      const parsed = parseFields(info)
      assert.deepEqual(parsed && Object.fromEntries(parsed), fields)
    })
  }
})

const label = fc.stringMatching(/^[a-z_][a-z0-9_]{0,8}$/)
// Values that end like the start of a field are the ambiguity that R11 leaves.
const value = fc
  .oneof(fc.string({ unit: fc.constantFrom('"', '\\', ' ', 'a', '=', '|', ',') }), fc.string({ unit: 'grapheme' }))
  .filter((text) => !/[\r\n]/.test(text) && !/".*[ \t][^\s"=]+=$/s.test(text))

test('fields survive being written and read', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(label, value), { maxLength: 5 }), (pairs) => {
      const fields = new Map(pairs)
      assert.deepEqual(parseFields(formatFields(fields)), fields)
    }),
    { numRuns: 1_000 },
  )
})

test('no text makes the parser throw', () => {
  const hostile = fc.string({ unit: fc.constantFrom('"', '\\', ' ', '\t', 'a', '=', '="', ' b="') })
  fc.assert(
    fc.property(fc.oneof(hostile, fc.string()), (text) => {
      const fields = parseFields(text)
      for (const [name, held] of fields ?? [])
        assert.ok(text.toLowerCase().includes(name) && held.length <= text.length)
    }),
  )
})
