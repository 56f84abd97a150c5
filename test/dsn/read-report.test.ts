import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import path from 'node:path'
import { describe, it } from 'node:test'
import { readReport } from './read-report.js'

// The sources: golden files are not compiled.
const GOLDEN = path.join(__dirname, '../../../test/dsn/golden')

function golden(name: string): string {
  return readFileSync(path.join(GOLDEN, `${name}.eml`), 'utf8').replaceAll('\n', '\r\n')
}

describe('the reader of reports refuses', () => {
  const rows: readonly [title: string, file: string, change: (text: string) => string][] = [
    ['a line that ends with LF alone', 'failure', (text) => text.replace('Action: failed\r\n', 'Action: failed\n')],
    [
      'a header that ends with LF alone',
      'failure',
      (text) => text.replace('MIME-Version: 1.0\r\n', 'MIME-Version: 1.0\n'),
    ],
    ['a report without Auto-Submitted', 'failure', (text) => text.replace(/Auto-Submitted.*\r\n/, '')],
    ['a report without a date', 'failure', (text) => text.replace(/^Date: .*\r\n/m, '')],
    ['a report without Final-Recipient', 'failure', (text) => text.replace(/Final-Recipient.*\r\n/, '')],
    ['a report without Reporting-MTA', 'failure', (text) => text.replace(/Reporting-MTA.*\r\n/, '')],
    ['fields in another order', 'failure', (text) => text.replace(/(Action: .*\r\n)(Status: .*\r\n)/, '$2$1')],
    ['a field given twice', 'failure', (text) => text.replace(/(Action: .*\r\n)/, '$1$1')],
    ['a field nobody knows', 'failure', (text) => text.replace('Action: ', 'Colour: red\r\nAction: ')],
    ['a status of another class than the action', 'failure', (text) => text.replace('Status: 5.1.1', 'Status: 4.1.1')],
    ['a status that is none', 'failure', (text) => text.replace('Status: 5.1.1', 'Status: 5.1')],
    ['a fold of blanks only', 'failure', (text) => text.replace('Action: failed', 'Action:\r\n \r\n failed')],
    ['a line of 999 octets', 'failure', (text) => text.replace('Action: ', `X: ${'x'.repeat(996)}\r\nAction: `)],
    ['8 bits in a part of 7bit', 'failure', (text) => text.replace('Your message could not', 'Yöur message could not')],
    ['8 bits in the header', 'failure', (text) => text.replace('Subject: ', 'Subject: ö')],
    [
      'an 8-bit part that the whole does not tell of',
      'mixed',
      (text) => text.replace('Content-Transfer-Encoding: 8bit\r\nContent-Type: m', 'Content-Type: m'),
    ],
    [
      'an outer 8bit with nothing of 8 bits in it',
      'failure',
      (text) => text.replace('MIME-Version', 'Content-Transfer-Encoding: 8bit\r\nMIME-Version'),
    ],
    ['a fourth part', 'failure', (text) => text.replace('--b0undary--', '--b0undary\r\nX: y\r\n\r\nz\r\n--b0undary--')],
    ['text after the last part', 'failure', (text) => `${text}bye\r\n`],
    ['text before the first part', 'failure', (text) => text.replace('--b0undary\r\n', 'hello\r\n--b0undary\r\n')],
    [
      'a boundary in the message',
      'failure',
      (text) => text.replace('Subject: Lunch\r\nMess', 'Subject: b0undary\r\nMess'),
    ],
    [
      'a report type that is not that of the part',
      'failure',
      (text) => text.replace('report-type=', 'report-type=global-'),
    ],
    ['an address in UTF-8 in fields of ASCII', 'failure', (text) => text.replace('rfc822; bob', 'utf-8; böb')],
    [
      'an address in UTF-8 of type rfc822',
      'utf8-sender',
      (text) => text.replace('Final-Recipient: utf-8', 'Final-Recipient: rfc822'),
    ],
    [
      'Will-Retry-Until of what has failed',
      'failure',
      (text) => text.replace(/(Last-Attempt-Date: (.*)\r\n)/, '$1Will-Retry-Until: $2\r\n'),
    ],
    ['a diagnostic without a type', 'failure', (text) => text.replace('Diagnostic-Code: smtp; ', 'Diagnostic-Code: ')],
  ]
  for (const [title, file, change] of rows) {
    it(title, () => {
      const text = golden(file)
      readReport(Buffer.from(text))
      const changed = change(text)
      assert.notEqual(changed, text)
      assert.throws(() => readReport(Buffer.from(changed)), assert.AssertionError)
    })
  }
})
