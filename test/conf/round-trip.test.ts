import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { settingNamed, type SuiteName } from '../../lib/conf/settings.js'
import { brief, confOf } from './helpers.js'

/** A setting as a list of its words, and the value they stand for. */
interface Sample {
  readonly name: SuiteName
  readonly words: readonly string[]
  /** The value may stand in quotes as a whole. */
  readonly quotable: boolean
  readonly value: unknown
}

const label = fc.stringMatching(/^[a-z][a-z0-9]{0,6}$/)
const domain = fc.tuple(label, fc.constantFrom('com', 'example', 'org')).map((parts) => parts.join('.'))
const path = fc.array(fc.stringMatching(/^[A-Za-z0-9_]{1,6}$/), { minLength: 1, maxLength: 3 })
const full = path.map((parts) => `/${parts.join('/')}`)
const argument = fc.stringMatching(/^[a-z0-9]{1,5}( [a-z0-9]{1,5})?$/)

const bool: fc.Arbitrary<Sample> = fc
  .tuple(fc.constantFrom('allowdup', 'no_dotforward', 'drop_prefix', 'authent_domain' as const), fc.boolean())
  .map(([name, value]) => ({ name, words: [String(value)], quotable: true, value }))
const int: fc.Arbitrary<Sample> = fc
  .tuple(fc.constantFrom('max_rcpts', 'authent_timeout' as const), fc.integer({ min: 1, max: 3600 }))
  .map(([name, value]) => ({ name, words: [String(value)], quotable: true, value }))
const aliasFile: fc.Arbitrary<Sample> = fc.oneof(
  full.map((text): Sample => ({ name: 'alias_file', words: [text], quotable: true, value: text })),
  path.map((parts): Sample => {
    const value = `/var/dmail/${parts.join('/')}`
    return { name: 'alias_file', words: [`C:\\dmail\\${parts.join('\\')}`], quotable: true, value }
  }),
)
const hostDomain: fc.Arbitrary<Sample> = domain.map((name) => ({
  name: 'host_domain',
  words: [name],
  quotable: true,
  value: name,
}))
const aliasFileDomain: fc.Arbitrary<Sample> = fc
  .tuple(fc.oneof(domain, fc.constant('*')), full)
  .map(([name, file]) => ({
    name: 'alias_file_domain',
    words: [name, file],
    quotable: false,
    value: { domain: name, path: file },
  }))
const gateway: fc.Arbitrary<Sample> = fc
  .tuple(domain, fc.constantFrom('192.0.2.1', 'mx.example.com'), fc.integer({ min: 1, max: 65535 }))
  .map(([name, host, port]) => ({
    name: 'gateway',
    words: [name, `${host}:${port}`],
    quotable: false,
    value: { domain: name, host, port },
  }))
const robotRule: fc.Arbitrary<Sample> = fc
  .tuple(label, domain, full, fc.array(argument, { maxLength: 3 }))
  .map(([user, name, program, args]) => {
    const shown = args.map((arg) => (arg.includes(' ') ? `"${arg}"` : arg))
    return {
      name: 'forward',
      words: [`${user}@${name}`, `"|${[program, ...shown].join(' ')}"`],
      quotable: false,
      value: {
        pattern: `${user}@${name}`,
        destination: { kind: 'robot', argv: [program, ...args] },
        bareDomain: false,
      },
    }
  })

const blanks = fc.stringMatching(/^[ \t]{1,4}$/)
const written = fc.record({
  sample: fc.oneof(bool, int, aliasFile, hostDomain, aliasFileDomain, gateway, robotRule),
  blanks: fc.array(blanks, { minLength: 5, maxLength: 5 }),
  indent: fc.boolean(),
  trail: fc.boolean(),
  quoted: fc.boolean(),
  upper: fc.boolean(),
  noise: fc.constantFrom('', '\n', '# note\n', '   \r\n', '\t# host_domain x\n'),
})

type Line = typeof written extends fc.Arbitrary<infer T> ? T : never

function print({ sample, blanks: gaps, indent, trail, quoted, upper, noise }: Line): string {
  const [before = '', first = ' ', between = ' ', after = ''] = gaps
  const value = sample.words.join(between)
  return [
    noise,
    indent ? before : '',
    upper ? sample.name.toUpperCase() : sample.name,
    first,
    quoted && sample.quotable ? `"${value}"` : value,
    trail ? after : '',
  ].join('')
}

describe('conf parser round trip', () => {
  it('reads back what was printed, whatever the spacing, quoting, case and line ends', () => {
    fc.assert(
      fc.property(fc.array(written, { maxLength: 12 }), fc.constantFrom('\n', '\r\n'), (lines, eol) => {
        const { conf, problems } = confOf(lines.map(print).join(eol))
        const errors = problems.filter(({ message }) => !message.includes('given twice'))
        assert.deepEqual(brief(errors), [])
        for (const name of new Set(lines.map(({ sample }) => sample.name))) {
          const values = lines.filter(({ sample }) => sample.name === name).map(({ sample }) => sample.value)
          const read = conf.all(name as 'forward').map(({ value }): unknown => value)
          // A setting that counts once has the last value (C5).
          assert.deepEqual(read, settingNamed(name)?.multi === true ? values : values.slice(-1))
        }
      }),
      { numRuns: 300 },
    )
  })

  it('takes any text at all without throwing', () => {
    const word = fc.oneof(
      fc.constantFrom('forward', 'gateway', 'ban_ip', 'vdomain', 'domain', '#include', '"', '|', '@', '*', '\\', '{'),
      fc.string({ unit: 'binary', maxLength: 8 }),
    )
    fc.assert(
      fc.property(fc.array(fc.tuple(word, fc.constantFrom(' ', '\n', '\t', ''))), (words) => {
        const text = words.flat().join('')
        const lines = text.split('\n').length + 3
        for (const { at } of confOf(text).problems) assert.ok(at.line >= 1 && at.line <= lines && at.column !== 0)
      }),
      { numRuns: 500 },
    )
  })
})
