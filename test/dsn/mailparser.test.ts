import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { describe, it } from 'node:test'
import { simpleParser, type ParsedMail } from 'mailparser'
import { readReport } from './read-report.js'

// The sources: golden files are not compiled.
const GOLDEN = path.join(__dirname, '../../../test/dsn/golden')

/** The fields for a program. This parser takes a part of type message/delivery-status for text, one of RFC 6533 for an attachment. */
function statusOf({ text = '', attachments }: ParsedMail): string {
  const global = attachments.find(({ contentType }) => contentType === 'message/global-delivery-status')
  return global === undefined ? text : global.content.toString('utf8')
}

describe('mailparser reads the report', () => {
  const files = readdirSync(GOLDEN).filter((file) => file.endsWith('.eml'))
  assert.ok(files.length >= 6)
  for (const file of files) {
    it(file, async () => {
      const bytes = Buffer.from(readFileSync(path.join(GOLDEN, file), 'utf8').replace(/\n/g, '\r\n'))
      const strict = readReport(bytes)
      const mail = await simpleParser(bytes)
      assert.equal(mail.from?.text, 'admin@domain1.com')
      assert.equal(mail.headers.get('auto-submitted'), 'auto-replied')
      assert.match(mail.subject ?? '', /\w/)
      const status = statusOf(mail)
      assert.deepEqual(
        [...status.matchAll(/^Action: (.*)$/gm)].map(([, action]) => action?.trim()),
        strict.groups.map((group) => group.get('action')),
      )
      assert.deepEqual(
        [...status.matchAll(/^Status: (.*)$/gm)].map(([, code]) => code?.trim()),
        strict.groups.map((group) => group.get('status')),
      )
      const returned = mail.attachments.at(-1)
      assert.equal(returned?.contentType, strict.returnedType.split(';')[0])
      assert.deepEqual(returned?.content, strict.returned)
    })
  }
})
