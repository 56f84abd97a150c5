import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { etrnArgument, nodeText, readEtrn } from '../../lib/etrn/request.js'

/** Haraka's way of taking a line apart (connection.js, process_line). */
function haraka(line: string): string[] {
  const [, command, , rest] = /^([^ ]*)( +(.*))?$/.exec(line) ?? []
  return command === undefined ? [line] : [command, rest ?? '']
}

describe('the argument of ETRN', () => {
  const rows: [what: string, line: string, argument: string | undefined][] = [
    ['a node', 'ETRN example.com', 'example.com'],
    ['any case', 'eTrN example.com', 'example.com'],
    ['several blanks', 'ETRN   example.com', 'example.com'],
    ['blanks at the end', 'ETRN example.com \t', 'example.com'],
    ['no argument', 'ETRN', ''],
    ['nothing but blanks', 'ETRN  ', ''],
    ['a tab is no blank', 'ETRN\texample.com', '\texample.com'],
    ['a carriage return inside', 'ETRN example.com\rx', 'example.com\rx'],
    ['another command', 'ETRNX example.com', undefined],
    ['an empty line', '', undefined],
  ]
  for (const [what, line, argument] of rows) {
    it(what, () => {
      assert.equal(etrnArgument(haraka(line)), argument)
    })
  }
})

describe('what ETRN asks for (Q4)', () => {
  const long = `${'a'.repeat(63)}.`
  const rows: [what: string, argument: string, result: string][] = [
    ['a domain', 'example.com', 'example.com'],
    ['in upper case', 'Example.COM', 'example.com'],
    ['with a final dot', 'example.com.', 'example.com'],
    ['with its sub-domains', '@example.com', '@example.com'],
    ['a U-label', 'bücher.example.com', 'xn--bcher-kva.example.com'],
    ['a U-label and its sub-domains', '@BÜCHER.example.com', '@xn--bcher-kva.example.com'],
    ['an A-label', 'xn--bcher-kva.example.com', 'xn--bcher-kva.example.com'],
    ['one label', 'localhost', 'localhost'],
    ['an underscore', '_x.example.com', '_x.example.com'],
    ['digits that are no address', '1.2.3.example', '1.2.3.example'],
    ['nothing', '', 'etrnNoArgument'],
    ['a queue', '#queue', 'etrnNoQueues'],
    ['a quoted queue', '#"queue"', 'etrnBadArgument'],
    ['a queue without a name', '#', 'etrnBadArgument'],
    ['an at sign alone', '@', 'etrnBadArgument'],
    ['two at signs', '@@example.com', 'etrnBadArgument'],
    ['a mail address', 'bob@example.com', 'etrnBadArgument'],
    ['quotes', '"example.com"', 'etrnBadArgument'],
    ['two words', 'example.com domain1.com', 'etrnBadArgument'],
    ['a tab', 'example.com\tdomain1.com', 'etrnBadArgument'],
    ['a control character', 'example\x07.com', 'etrnBadArgument'],
    ['a carriage return', 'example.com\r', 'etrnBadArgument'],
    ['a wildcard', '*.example.com', 'etrnBadArgument'],
    ['an address literal', '[192.0.2.1]', 'etrnBadArgument'],
    ['an IPv6 literal', '[IPv6:2001:db8::1]', 'etrnBadArgument'],
    ['a bare address', '192.0.2.1', 'etrnBadArgument'],
    ['a percent sign', '%65xample.com', 'etrnBadArgument'],
    ['a slash', 'example.com/x', 'etrnBadArgument'],
    ['a wide slash', 'example.com\uff0fx', 'etrnBadArgument'],
    ['a wide address', '\uff11\uff12.0.0.1', 'etrnBadArgument'],
    ['an empty label', 'example..com', 'etrnBadArgument'],
    ['a dot', '.', 'etrnBadArgument'],
    ['a label of 64', `${'a'.repeat(64)}.com`, 'etrnBadArgument'],
    ['a label of 63', `${long}com`, `${long}com`],
    ['253 characters', `${long.repeat(3)}${'a'.repeat(61)}`, `${long.repeat(3)}${'a'.repeat(61)}`],
    ['254 characters', `${long.repeat(3)}${'a'.repeat(62)}`, 'etrnBadArgument'],
    ['a million characters', 'ü'.repeat(1_000_000), 'etrnBadArgument'],
  ]
  for (const [what, argument, result] of rows) {
    it(what, () => {
      const request = readEtrn(argument)
      assert.equal(request.kind === 'node' ? nodeText(request) : request.reply, result)
    })
  }

  it('whatever is written, it is a domain in its one form, or refused', () => {
    const letters = fc.constantFrom('@', '#', '.', '-', '_', 'a', 'Z', '0', 'ü', 'ß', '\u3002', '\u00ad', '\u200d', ' ')
    const text = fc.oneof(fc.string({ unit: letters }), fc.string({ unit: 'binary' }), fc.domain())
    fc.assert(
      fc.property(text, (argument) => {
        const request = readEtrn(argument)
        if (request.kind === 'refused') {
          assert.match(request.reply, /^etrn(?:NoArgument|NoQueues|BadArgument)$/)
          return
        }
        assert.match(request.domain, /^(?=.{1,253}$)[a-z0-9_-]{1,63}(?:\.[a-z0-9_-]{1,63})*$/)
        assert.deepEqual(readEtrn(nodeText(request)), request, 'reading it again changes nothing')
      }),
    )
  })
})
