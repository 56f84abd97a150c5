import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import path from 'node:path'
import { describe, it } from 'node:test'
import { packageRoot } from '../support/install.js'
import { allPages } from './pages.js'

/** `| what | 64 KiB | ... | [MAX_BYTES](../lib/x.ts) |` */
const ROW = /^\| (.+?) \| (.+?) \| .+? \| \[(\w+)\]\(\.\.\/((?:lib|plugins)\/\S+\.ts)\) \|$/gm

const page = allPages().find(({ name }) => name === 'docs/limits.md')
assert.ok(page !== undefined)
const rows = Array.from(page.text.matchAll(ROW), ([, what = '', limit = '', name = '', file = '']) => {
  return { what, limit, name, file }
})

describe('docs/limits.md', () => {
  it('has rows with a place in the source', () => {
    assert.equal(rows.length, page.text.split('](../lib/').length + page.text.split('](../plugins/').length - 2)
    assert.ok(rows.length > 40, String(rows.length))
  })

  for (const { what, limit, name, file } of rows) {
    it(`${what}: ${limit}`, () => {
      const source = readFileSync(path.join(packageRoot(), file), 'utf8')
      assert.equal(inUnits(limit, name), valueOf(source, name), `${name} of ${file}`)
    })
  }

  it('a limit of another value is seen', () => {
    assert.equal(inUnits('64 KiB', 'MAX_BYTES'), 65_536)
    assert.equal(inUnits('1,000 characters', 'MAX_VALUE'), 1000)
    assert.equal(inUnits('5 s', 'GRACE_MS'), 5000)
    assert.equal(inUnits('300 s', 'WRITE_AGAIN_S'), 300)
    assert.equal(valueOf('const A = 255 - ".lock".length', 'A'), 250)
    assert.equal(valueOf('const A = { b: 2 * 1_000, c: 3 }', 'b'), 2000)
  })
})

const UNITS: Readonly<Record<string, number>> = { '': 1, bytes: 1, characters: 1, KiB: 1024, MiB: 1024 ** 2 }

/** A limit as the page writes it, in the units of the constant: times are milliseconds unless its name says seconds. */
function inUnits(limit: string, name: string): number {
  const [, digits = '', unit = ''] = /^([\d,]+)(?: (\w+))?$/.exec(limit) ?? []
  const factor = unit === 's' ? (name.endsWith('_S') ? 1 : 1000) : UNITS[unit]
  assert.ok(factor !== undefined && digits !== '', `"${limit}" is no limit`)
  return Number(digits.replaceAll(',', '')) * factor
}

/** The value of a constant, or of a member of one, made of numbers, products and the length of a text. */
function valueOf(source: string, name: string): number {
  const text = new RegExp(`\\b${name}(?: =|:) (\\d[^,}\\n]*)`).exec(source)?.[1] ?? ''
  const [first = '', ...less] = text.split(' - ')
  const lengths = less.map((part) => /^['"](.*)['"]\.length$/.exec(part.trim())?.[1]?.length ?? NaN)
  return lengths.reduce((value, length) => value - length, product(first))
}

function product(text: string): number {
  return text.split('*').reduce((value, factor) => value * Number(factor.trim().replaceAll('_', '')), 1)
}
