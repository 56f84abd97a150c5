import assert from 'node:assert/strict'

/** A report taken apart by the rules of RFC 2046, 3462 and 3464, strictly: what they do not allow is an error. */
export interface ReadReport {
  readonly head: string
  readonly text: Buffer
  /** Fields about the message, names in lower case, unfolded. */
  readonly message: ReadonlyMap<string, string>
  readonly groups: readonly ReadonlyMap<string, string>[]
  readonly statusLines: readonly string[]
  readonly returned: Buffer
  readonly returnedType: string
}

interface Part {
  readonly headers: ReadonlyMap<string, string>
  readonly content: Buffer
}

const CRLF2 = Buffer.from('\r\n\r\n')

export function readReport(bytes: Buffer): ReadReport {
  const { headers, content } = splitPart(bytes)
  const type = headers.get('content-type') ?? ''
  assert.match(type, /^multipart\/report; report-type=(?:global-)?delivery-status; boundary="[^"]+"$/)
  const boundary = /boundary="([^"]+)"/.exec(type)?.[1] ?? ''
  const [text, status, returned, ...more] = splitParts(content, boundary)
  assert.ok(text !== undefined && status !== undefined && returned !== undefined)
  assert.deepEqual(more, [])
  assert.match(text.headers.get('content-type') ?? '', /^text\/plain; charset=(?:us-ascii|utf-8)$/)
  assert.match(status.headers.get('content-type') ?? '', /^message\/(?:global-)?delivery-status$/)
  const blocks = status.content.toString('utf8').replace(/\r\n$/, '').split('\r\n\r\n')
  const [message, ...groups] = blocks.map(readFields)
  assert.ok(message !== undefined)
  for (const group of groups) {
    for (const name of ['final-recipient', 'action', 'status']) assert.ok(group.has(name), `${name} is missing`)
  }
  return {
    head: bytes.subarray(0, bytes.indexOf(CRLF2)).toString('utf8').replaceAll('\r\n', '\n'),
    text: text.content,
    message,
    groups,
    statusLines: status.content.toString('utf8').split('\r\n'),
    returned: returned.content,
    returnedType: returned.headers.get('content-type') ?? '',
  }
}

function splitParts(content: Buffer, boundary: string): Part[] {
  const open = Buffer.from(`--${boundary}\r\n`)
  const next = Buffer.from(`\r\n--${boundary}\r\n`)
  const close = Buffer.from(`\r\n--${boundary}--\r\n`)
  assert.ok(content.subarray(0, open.length).equals(open), 'the first part does not begin the body')
  const end = content.indexOf(close)
  assert.equal(end, content.length - close.length, 'something follows the last part')
  const parts: Part[] = []
  let at = open.length
  for (;;) {
    const found = content.indexOf(next, at)
    const to = found < 0 ? end : found
    parts.push(splitPart(content.subarray(at, to)))
    if (found < 0) return parts
    at = found + next.length
  }
}

function splitPart(bytes: Buffer): Part {
  const end = bytes.indexOf(CRLF2)
  assert.ok(end >= 0, 'a part has no blank line after its headers')
  return { headers: readFields(bytes.subarray(0, end).toString('utf8')), content: bytes.subarray(end + 4) }
}

function readFields(block: string): Map<string, string> {
  const fields = new Map<string, string>()
  for (const line of block.replace(/\r\n[ \t]+/g, ' ').split('\r\n')) {
    const [, name, value] = /^([!-9;-~]+): (.*)$/.exec(line) ?? []
    assert.ok(name !== undefined && value !== undefined, `"${line}" is no field`)
    assert.ok(!fields.has(name.toLowerCase()), `${name} is there twice`)
    fields.set(name.toLowerCase(), value)
  }
  return fields
}
