import assert from 'node:assert/strict'
import { chmodSync, linkSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { describe, it } from 'node:test'
import { fillFields, unknownFields } from '../../lib/respond/fill.js'
import { parseTextFile } from '../../lib/respond/text-file.js'
import { findText, MAX_TEXT } from '../../lib/respond/texts.js'
import { tempDir } from '../support/cleanup.js'
import { address, BOB, DAY } from './scene.js'

describe('a text file', () => {
  it('is text alone', () => {
    const parsed = parseTextFile('\r\nI am away.\r\n\r\nNote: back soon\r\n\r\n')
    assert.ok(parsed.ok)
    assert.equal(parsed.value.body, 'I am away.\n\nNote: back soon\n')
    assert.equal(parsed.value.subject, undefined)
  })

  it('has fields before it', () => {
    const parsed = parseTextFile(
      'From: Bob Smith <bob@domain1.com>\nsubject: Away: %subject\nStart : 2026-12-24\nEnd: 2027-01-02T18:00\n' +
        'Every: 1d\nAddresses: robert@domain1.com, bob+*@domain1.com\n\nBack soon.',
    )
    assert.ok(parsed.ok)
    const { from, start, end, ...rest } = parsed.value
    assert.deepEqual(rest, {
      subject: 'Away: %subject',
      everyMs: DAY,
      addresses: 'robert@domain1.com, bob+*@domain1.com',
      body: 'Back soon.\n',
    })
    assert.deepEqual(from, { name: 'Bob Smith', address: BOB })
    assert.equal(start?.ms, new Date(2026, 11, 24).getTime())
    assert.equal(end?.endMs, new Date(2027, 0, 2, 18).getTime())
  })

  const faults: readonly (readonly [what: string, content: string, line: number, message: RegExp])[] = [
    ['without a text', '', 1, /^there is no text$/],
    ['with fields only', 'Subject: x\n\n \n', 4, /^there is no text$/],
    ['with an unknown field', 'Subject: x\nRely-To: y\n\nz', 2, /^"Rely-To: y" is no field: .*a blank line ends them$/],
    ['with a field twice', 'Subject: x\nSubject: y\n\nz', 2, /^Subject is there twice$/],
    ['with no blank line behind its fields', 'Subject: x\nI am away.\n', 2, /^"I am away\." is no field/],
    ['with an empty subject', 'Subject:\n\nz', 1, /^Subject: it is empty/],
    ['with a strange address', 'From: bob\n\nz', 1, /^From: "bob" is no address/],
    ['with two addresses', 'From: a@b.example, c@d.example\n\nz', 1, /^From: .* is no address/],
    [
      'with a day that is none',
      'Start: 24.12.2026\n\nz',
      1,
      /^Start: "24\.12\.2026" is no time: write a day \(2026-12-24\)/,
    ],
    ['with an end before its start', 'Start: 2026-12-24\nEnd: 2026-12-23\n\nz', 2, /^End: it is before Start$/],
    ['that answers each message', 'Every: 0s\n\nz', 1, /^Every: "0s" is no time from 1h to 366d/],
    ['that answers once for ever', 'Every: 9999d\n\nz', 1, /^Every: /],
    ['with a name for an address', 'Addresses: robert\n\nz', 1, /^Addresses: "robert" is no address/],
  ]
  for (const [what, content, line, message] of faults) {
    it(`${what} is refused, and the line is named`, () => {
      const parsed = parseTextFile(content)
      assert.ok(!parsed.ok)
      assert.equal(parsed.faults.length, 1)
      assert.equal(parsed.faults[0]?.line, line)
      assert.match(parsed.faults[0].message, message)
    })
  }

  it('may begin and end on one day', () => {
    assert.ok(parseTextFile('Start: 2026-12-24\nEnd: 2026-12-24\n\nz').ok)
  })
})

describe('%-fields', () => {
  const values = {
    ...{ sender: 'ann@example.com', from: 'Ann', subject: '%sender', date: 'today', recipient: 'bob@domain1.com' },
    ...{ user: 'bob', domain: 'domain1.com', start: 'then', end: '' },
  }
  const rows: readonly (readonly [text: string, filled: string, unknown?: string[]])[] = [
    ['Dear %from, %user@%domain', 'Dear Ann, bob@domain1.com'],
    ['%{date}s and %DATE', 'todays and today'],
    ['%subject', '%sender'],
    ['100%, 50%off and %%from', '100%, 50%off and %from', ['%off']],
    ['%constructor %{toString} %__proto__', '%constructor %{toString} %__proto__', ['%constructor', '%{toString}']],
    ['until %end.', 'until .'],
    ['%subjects', '%subjects', ['%subjects']],
  ]
  for (const [text, filled, unknown = []] of rows) {
    it(`"${text}" is "${filled}"`, () => {
      assert.equal(fillFields(text, values), filled)
      assert.deepEqual(unknownFields(text), unknown)
    })
  }
})

describe('the text for a user', () => {
  const dir = tempDir('texts')
  const file = (name: string): string => path.join(dir, name)
  writeFileSync(file('bob@domain1.com.txt'), 'by address')
  writeFileSync(file('bob.txt'), 'by name')
  writeFileSync(file('common.txt'), 'for all')
  writeFileSync(file('large.txt'), 'x'.repeat(MAX_TEXT + 1))
  writeFileSync(file('linked.txt'), 'x')
  linkSync(file('linked.txt'), file('hard.txt'))
  symlinkSync(file('bob.txt'), file('soft.txt'))
  mkdirSync(file('folder.txt'))
  writeFileSync(file('secret.txt'), 'x')
  chmodSync(file('secret.txt'), 0)
  writeFileSync(file('wrong.txt'), 'Subject: x\nEvery: day\nEnd: never\n\nz')

  async function textOf(user: string, given: { text?: string; texts?: string } = { texts: dir }): Promise<string> {
    const found = await findText(address(user), { text: given.text, texts: given.texts })
    if ('none' in found) return 'none'
    return 'faults' in found ? found.faults.join('\n').replaceAll(`${dir}/`, '') : found.text.body.trim()
  }

  it('is that of the address, of the name, or the common one', async () => {
    assert.equal(await textOf('Bob@Domain1.com'), 'by address')
    assert.equal(await textOf('bob@domain2.com'), 'by name')
    assert.equal(await textOf('fred@domain1.com'), 'none')
    assert.equal(await textOf('fred@domain1.com', { texts: dir, text: file('common.txt') }), 'for all')
    assert.equal(await textOf('bob@domain1.com', { text: file('common.txt') }), 'for all')
  })

  it('is never outside of the directory (U8)', async () => {
    writeFileSync(path.join(path.dirname(dir), 'dmail-outside.txt'), 'outside')
    for (const user of ['../dmail-outside@x.example', '"../dmail-outside"@x.example', '.hidden@x.example']) {
      const parsed = (await import('../../lib/address.js')).parseAddress(user)
      if (parsed !== undefined) assert.equal(await textOf(user), 'none')
    }
  })

  const faults: readonly (readonly [user: string, message: RegExp])[] = [
    ['soft', /^"soft\.txt" is a symbolic link \(/],
    ['hard', /^"hard\.txt" has 2 hard links \(/],
    ['folder', /^"folder\.txt" is a directory \(/],
    ['large', /^"large\.txt" is larger than 64 KiB \(/],
    ['wrong', /^wrong\.txt:2 Every: "day" is no time .*\nwrong\.txt:3 End: "never" is no time/],
  ]
  for (const [user, message] of faults) {
    it(`${user}.txt is refused, and named`, async () => {
      assert.match(await textOf(`${user}@domain1.com`), message)
    })
  }

  it('that may not be read is named', { skip: process.getuid?.() === 0 && 'root may read everything' }, async () => {
    assert.match(await textOf('secret@domain1.com'), /^"secret\.txt" may not be read/)
  })

  it('must be there where it is named, and so must the directory', async () => {
    assert.match(await textOf('bob@domain1.com', { text: file('nowhere') }), /^nowhere does not exist$/)
    assert.match(await textOf('bob@domain1.com', { texts: file('nowhere') }), /^nowhere does not exist/)
  })
})
