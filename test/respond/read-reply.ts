import assert from 'node:assert/strict'

/** An answer taken apart by the rules of RFC 5322 and 2045, strictly: what they do not allow is an error. */
export interface ReadReply {
  /** Names in lower case, unfolded, not decoded. */
  readonly fields: ReadonlyMap<string, string>
  /** Lines of the header section and of the body. */
  readonly lines: readonly string[]
  /** The text, decoded; line ends LF. */
  readonly text: string
}

export function readReply(content: string): ReadReply {
  const end = content.indexOf('\r\n\r\n')
  assert.ok(end > 0, 'there is no end of the header section')
  const section = content.slice(0, end)
  const body = content.slice(end + 4)
  assert.ok(body.endsWith('\r\n'), 'the body does not end with a line end')
  const fields = new Map<string, string>()
  for (const field of section.split(/\r\n(?![ \t])/)) {
    for (const line of field.split('\r\n')) assert.notEqual(line.trim(), '', 'a line of blanks in a field')
    const [, name, value] = /^([!-9;-~]+): (.*)$/s.exec(field) ?? []
    assert.ok(name !== undefined && value !== undefined, `"${field}" is no field`)
    assert.ok(!fields.has(name.toLowerCase()), `${name} is there twice`)
    fields.set(name.toLowerCase(), value.replace(/\r\n[ \t]/g, ' '))
    for (const word of value.match(/=\?UTF-8\?B\?[^?]*\?=/g) ?? []) {
      assert.ok(word.length <= 75, `an encoded word of ${word.length}`)
      const bytes = Buffer.from(word.slice(10, -2), 'base64')
      assert.deepEqual(Buffer.from(bytes.toString('utf8')), bytes, 'a character is cut in two')
    }
  }
  const lines = [...section.split('\r\n'), ...body.split('\r\n')]
  return {
    fields,
    lines,
    text: decodeBody(fields.get('content-transfer-encoding') ?? '', body).replaceAll('\r\n', '\n'),
  }
}

function decodeBody(encoding: string, body: string): string {
  if (encoding === '7bit') return body
  for (const line of body.split('\r\n')) assert.ok(line.length <= 76, `a line of ${line.length}: ${line}`)
  if (encoding === 'base64') {
    assert.match(body, /^(?:[A-Za-z0-9+/=]+\r\n)+$/)
    return Buffer.from(body, 'base64').toString('utf8')
  }
  assert.equal(encoding, 'quoted-printable')
  assert.doesNotMatch(body, /[ \t]\r\n/)
  const joined = body.replace(/=\r\n/g, '')
  assert.doesNotMatch(joined, /=(?![0-9A-F]{2})/)
  const bytes = joined.replace(/=([0-9A-F]{2})/g, (_all, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)))
  return Buffer.from(bytes, 'latin1').toString('utf8')
}
