import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { parseAddress } from '../../lib/address.js'
import { compileWildcard } from '../../lib/conf/wildcard.js'
import type { Written } from '../../lib/conf/destination.js'
import { brief, confOf } from './helpers.js'

function robot(program: string, ...args: string[]): Written {
  return { kind: 'robot', argv: [program, ...args] }
}
function file(path: string): Written {
  return { kind: 'file', path }
}
function to(text: string): Written {
  const address = parseAddress(text)
  assert.ok(address)
  return { kind: 'address', address }
}

describe('forward rules', () => {
  const rows: [value: string, pattern: string, destination: Written][] = [
    ['sales@domain1.com fred@domain1.com', 'sales@domain1.com', to('fred@domain1.com')],
    ['sales@*\tbob@domain1.com', 'sales@*', to('bob@domain1.com')],
    ['*@Domain1.com bob@domain1.com', '*@domain1.com', to('bob@domain1.com')],
    ['*@* bob@domain1.com', '*@*', to('bob@domain1.com')],
    ['Bob@b\u00fccher.example bob@domain1.com', 'Bob@xn--bcher-kva.example', to('bob@domain1.com')],
    ['"two words"@domain1.com bob@domain1.com', 'two words@domain1.com', to('bob@domain1.com')],
    ['"sales@domain1.com" "bob@domain1.com"', 'sales@domain1.com', to('bob@domain1.com')],
    ['bob@domain1.com "two words"@domain1.com', 'bob@domain1.com', to('"two words"@domain1.com')],
    // manual: the file, the robot and the robot with arguments
    ['bob@domainx.com /dev/nul', 'bob@domainx.com', { kind: 'discard' }],
    ['bob@domainx.com |c:\\dmail\\drespond', 'bob@domainx.com', robot('/var/dmail/drespond')],
    [
      'bob@domainx.com "|c:\\dmail\\drespond arg1 arg2"',
      'bob@domainx.com',
      robot('/var/dmail/drespond', 'arg1', 'arg2'),
    ],
    // C9: the closing quote is the last one on the line
    [
      'john@big.com "|drespond.exe "more than one word" arg2"',
      'john@big.com',
      robot('drespond.exe', 'more than one word', 'arg2'),
    ],
    ['bob@domain1.com "|prog arg "two words""', 'bob@domain1.com', robot('prog', 'arg', 'two words')],
    ['bob@domain1.com "/var/mail/two words"', 'bob@domain1.com', file('/var/mail/two words')],
  ]
  for (const [value, pattern, destination] of rows) {
    for (const name of ['forward', 'forward_cc'] as const) {
      it(`${name} ${value}`, () => {
        const { conf, problems } = confOf(`${name} ${value}`)
        assert.deepEqual(conf.all(name)[0]?.value, { pattern, destination, bareDomain: false })
        assert.deepEqual(brief(problems), [])
      })
    }
  }

  it('a destination without @ is taken with a warning (R5)', () => {
    const { conf, problems } = confOf('forward sales@domain1.com  bob')
    assert.deepEqual(conf.all('forward')[0]?.value, {
      pattern: 'sales@domain1.com',
      destination: { kind: 'user', local: 'bob' },
      bareDomain: true,
    })
    assert.deepEqual(brief(problems), [
      'warning dmail.conf:1:28: the destination "bob" has no domain: it is taken as a user of the main domain',
    ])
  })

  it('every line counts, in file order', () => {
    const { conf } = confOf('forward a@x.com b@x.com\nforward_cc a@x.com c@x.com\nforward a@x.com d@x.com')
    assert.deepEqual(
      conf.all('forward').map(({ at }) => at.line),
      [1, 3],
    )
  })

  it('the pattern matches the form addresses are compared in', () => {
    const { conf } = confOf('forward Bob@b\u00fccher.example x@domain1.com')
    const matches = compileWildcard(conf.all('forward')[0]?.value.pattern ?? '')
    assert.equal(matches(parseAddress('bob@B\u00dcCHER.example')?.key ?? ''), true)
  })
})
