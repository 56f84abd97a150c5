import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import path from 'node:path'
import { describe, it } from 'node:test'
import { editPlugins } from '../../lib/migrate/plugins-edit.js'
import { HARAKA_VERSIONS } from '../support/haraka.js'
import { packageRoot } from '../support/install.js'

/** The lines that Haraka loads. */
function loaded(text: string): string[] {
  return text
    .split(/\r?\n/)
    .map((line) => line.trim())
    .filter((line) => line !== '' && !/^[;#]/.test(line))
}

describe('config/plugins', () => {
  for (const version of HARAKA_VERSIONS) {
    it(`of a new Haraka ${version} gets the suite in place of what would take the mail first`, () => {
      const file = path.join(packageRoot(), 'node_modules', `haraka-${version}`, 'config/plugins')
      const text = readFileSync(file, 'utf8')
      const edit = editPlugins(text)
      assert.deepEqual(loaded(text), ['mail_from.is_resolvable', 'rcpt_to.in_host_list', 'queue/smtp_forward'])
      assert.deepEqual(loaded(edit.text), ['mail_from.is_resolvable', 'dmail'])
      assert.match(edit.text, /^# rcpt_to\.in_host_list$/m)
      assert.equal(edit.changes.length, 3)
      assert.deepEqual(editPlugins(edit.text), { text: edit.text, changes: [], warnings: [] })
    })
  }

  it('loses no line: each is there, or there behind a #', () => {
    const text = '# mine\nrspamd\n  queue/lmtp\n\nharaka-plugin-recipient-routes\naliases\n'
    const edit = editPlugins(text)
    for (const line of text.split('\n')) assert.ok(edit.text.includes(line), line)
    assert.deepEqual(loaded(edit.text), ['rspamd', 'dmail'])
    assert.match(edit.changes.join('\n'), /line 3, queue\/lmtp, is commented out: it takes the mail/)
  })

  it('with the single lines of the suite gets no second one, and is told what is missing', () => {
    const text = 'dmail/access\ndmail/rcpt\nrspamd\ndmail/queue\n'
    const edit = editPlugins(text)
    assert.equal(edit.text, text)
    assert.deepEqual(
      edit.warnings.map(({ message }) => message),
      ['config/plugins has lines of the suite, but not dmail/outbound'],
    )
  })

  it('keeps its line ends', () => {
    assert.equal(editPlugins('rspamd\r\n').text, 'rspamd\r\ndmail\r\n')
  })

  it('without a line end at its end does not become one word', () => {
    assert.deepEqual(loaded(editPlugins('rspamd').text), ['rspamd', 'dmail'])
  })
})
