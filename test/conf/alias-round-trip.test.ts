import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import path from 'node:path'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { parseEntry } from '../../lib/conf/alias-entry.js'
import { formatKey } from '../../lib/conf/alias-index.js'
import { loadAliasFile } from '../../lib/conf/alias-file.js'
import { usualColon } from '../../lib/conf/alias-scan.js'
import { formatWritten } from '../../lib/conf/destination.js'
import { brief, dirWith, mapPath } from './helpers.js'

const atom = fc.stringMatching(/^[A-Za-z0-9_+='-]{1,8}$/)
const user = fc.array(atom, { minLength: 1, maxLength: 2 }).map((atoms) => atoms.join('.'))
const domain = fc.stringMatching(/^[a-z][a-z0-9]{0,8}\.(com|org|example)$/)
const address = fc.tuple(user, domain).map((parts) => parts.join('@'))
const word = fc.stringMatching(/^[a-z0-9]{1,6}$/)

/** A destination as formatWritten gives it back. */
const destination = fc.oneof(
  { weight: 3, arbitrary: address },
  user.filter((name) => name.toLowerCase() !== 'nul'),
  fc.constant('$user'),
  word.map((program) => `|${program}`),
  word.map((name) => `/var/mail/${name}`),
  fc
    .tuple(word, fc.array(fc.stringMatching(/^[a-z0-9]{1,5}([ ,][a-z0-9]{1,5})?$/), { minLength: 1, maxLength: 3 }))
    .map(([program, args]) => `"|${[program, ...args.map((arg) => (/[ ,]/.test(arg) ? `"${arg}"` : arg))].join(' ')}"`),
)

const entry = fc.record({
  key: fc.oneof(user, address),
  destinations: fc.array(destination, { minLength: 1, maxLength: 5 }),
  colon: fc.constantFrom(':', ': ', ' :', '\t:\t'),
  comma: fc.constantFrom(',', ', ', ' , ', ',\n ', ',\n# note\n\n\t', '\n  ,'),
  end: fc.constantFrom('\n', '\r\n', ' \n', '\n\n# note\n'),
})

describe('alias parser round trip', () => {
  it('finds what was printed, whatever the spacing and the lines', async (t) => {
    const file = path.join(dirWith(t, {}), 'aliases')
    const entries = fc.uniqueArray(entry, { selector: ({ key }) => key.toLowerCase(), maxLength: 20 })
    await fc.assert(
      fc.asyncProperty(entries, fc.boolean(), async (list, crlf) => {
        const text = list
          .map(({ key, destinations, colon, comma, end }) => `${key}${colon}${destinations.join(comma)}${end}`)
          .join('')
        writeFileSync(file, crlf ? text.replace(/\r?\n/g, '\r\n') : text)
        const { table, problems } = await loadAliasFile(file, 'aliases', mapPath)
        assert.deepEqual(brief(problems), [])
        assert.equal(table.size, list.length)
        for (const { key, destinations } of list) {
          const [local = '', at = 'elsewhere.com'] = key.split('@')
          const found = table.find(local.toUpperCase(), at)
          assert.equal(found?.key, key.toLowerCase())
          assert.deepEqual(
            found.items.map(({ written }) => formatWritten(written)),
            destinations,
          )
        }
      }),
      { numRuns: 200 },
    )
  })

  it('the quick look at a line accepts nothing that the parser does not', () => {
    const token = fc.oneof(
      fc.constantFrom(':', ',', '@', '.', '..', '-', '$', '$user', ' ', '\t', '\r', '*', '"', '|', '/', '\\', '\u00fc'),
      fc.constantFrom('a'.repeat(64), 'b'.repeat(200), 'nul', 'x.com', 'bob', 'bob@domain1.com', 'sales: ', ', '),
    )
    let accepted = 0
    fc.assert(
      fc.property(fc.array(token, { maxLength: 10 }), (tokens) => {
        const data = Buffer.from(`sales${tokens.join('')}`)
        const colon = usualColon(data, 0, data.length)
        if (colon < 0) return
        accepted++
        const source = { data, encoding: 'utf8', label: 'aliases', mapPath } as const
        const parsed = parseEntry(source, { start: 0, end: data.length, line: 1 })
        assert.deepEqual(brief(parsed.problems), [])
        assert.ok(parsed.key)
        assert.equal(formatKey(parsed.key), data.toString('latin1', 0, colon).toLowerCase())
      }),
      { numRuns: 20_000 },
    )
    assert.ok(accepted > 100, `only ${accepted} lines were accepted`)
  })

  it('takes any bytes at all without throwing', async (t) => {
    const file = path.join(dirWith(t, {}), 'aliases')
    const bytes = fc.oneof(
      fc.uint8Array({ maxLength: 60 }).map((array) => Buffer.from(array)),
      fc.array(fc.constantFrom('a', ':', ' ', '\n', '"', '\\', '@', '*', ',', '\0', '#', '|')).map((chars) => {
        return Buffer.from(chars.join(''))
      }),
    )
    await fc.assert(
      fc.asyncProperty(bytes, async (data) => {
        writeFileSync(file, data)
        const { table, problems } = await loadAliasFile(file, 'aliases', mapPath)
        assert.equal([...table.keys()].length, table.size)
        assert.ok(problems.every(({ at }) => at.line >= 1 && at.column !== 0))
      }),
      { numRuns: 500 },
    )
  })
})
