import assert from 'node:assert/strict'

/**
 * A report taken apart by the rules of RFC 2045, 2046, 3462, 3464, 5322 and 6533, strictly: what they do not allow is an error. The
 * returned message is a stranger's and is looked at from outside only.
 */
export interface ReadReport {
  readonly head: string
  /** The text for a person, decoded, lines ended by LF. */
  readonly text: string
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
  readonly encoding: string
}

const CRLF2 = Buffer.from('\r\n\r\n')

const HEADERS = ['from', 'to', 'subject', 'date', 'message-id', 'auto-submitted', 'mime-version', 'content-type']
/** RFC 3464 2.2 and 2.3, in their order; `!` marks what must be there. */
const MESSAGE_FIELDS = ['original-envelope-id', 'reporting-mta!', 'arrival-date']
const RECIPIENT_FIELDS = [
  'original-recipient',
  'final-recipient!',
  'action!',
  'status!',
  'remote-mta',
  'diagnostic-code',
  'last-attempt-date',
  'will-retry-until',
]
const CLASS_OF: Readonly<Record<string, string>> = {
  failed: '5',
  delayed: '4',
  delivered: '2',
  relayed: '2',
  expanded: '2',
}
const DATE =
  /^(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun), \d{1,2} (?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec) \d{4} \d\d:\d\d:\d\d \+0000$/

export function readReport(bytes: Buffer): ReadReport {
  const { headers, content, encoding } = splitPart(bytes)
  for (const name of HEADERS) assert.ok(headers.has(name), `${name} is missing`)
  assert.match(headers.get('date') ?? '', DATE)
  assert.match(headers.get('message-id') ?? '', /^<[^\s<>@]+@[^\s<>@]+>$/)
  assert.equal(headers.get('auto-submitted'), 'auto-replied')
  assert.equal(headers.get('mime-version'), '1.0')
  const [, report, boundary = ''] =
    /^multipart\/report; report-type=((?:global-)?delivery-status); boundary="([^"]{1,70})"$/.exec(
      headers.get('content-type') ?? '',
    ) ?? []
  const isGlobal = report === 'global-delivery-status'
  if (!isGlobal) assertAscii(bytes.subarray(0, bytes.indexOf(CRLF2)), 'the header')

  const parts = splitParts(content, boundary)
  assert.equal(parts.length, 3)
  const [text, status, returned] = parts
  assert.ok(text !== undefined && status !== undefined && returned !== undefined)
  assert.equal(encoding, parts.some((part) => part.encoding === '8bit') ? '8bit' : '7bit', 'the outer encoding')
  assert.equal(status.headers.get('content-type'), `message/${report ?? ''}`)
  assert.match(
    returned.headers.get('content-type') ?? '',
    isGlobal
      ? /^(?:message\/rfc822|text\/rfc822-headers|message\/global|message\/global-headers)$/
      : /^(?:message\/rfc822|text\/rfc822-headers)$/,
  )
  assertLines(status.content, 'the fields')
  const fields = status.content.toString('utf8')
  assert.ok(fields.endsWith('\r\n') && !fields.endsWith('\r\n\r\n'))
  const [message, ...groups] = fields.slice(0, -2).split('\r\n\r\n').map(readFields)
  assert.ok(message !== undefined && groups.length > 0)
  checkMessage(message)
  for (const group of groups) checkGroup(group, isGlobal)
  return {
    head: bytes.subarray(0, bytes.indexOf(CRLF2)).toString('utf8').replaceAll('\r\n', '\n'),
    text: readText(text),
    message,
    groups,
    statusLines: fields.split('\r\n'),
    returned: returned.content,
    returnedType: returned.headers.get('content-type') ?? '',
  }
}

function checkMessage(fields: ReadonlyMap<string, string>): void {
  checkOrder(fields, MESSAGE_FIELDS)
  assert.match(fields.get('reporting-mta') ?? '', /^dns; [^\s;]+$/)
  if (fields.has('arrival-date')) assert.match(fields.get('arrival-date') ?? '', DATE)
}

function checkGroup(fields: ReadonlyMap<string, string>, isGlobal: boolean): void {
  checkOrder(fields, RECIPIENT_FIELDS)
  for (const name of ['original-recipient', 'final-recipient']) {
    const value = fields.get(name)
    if (value === undefined) continue
    const [, type, address = ''] = /^([A-Za-z0-9-]+); (.+)$/.exec(value) ?? []
    assert.ok(type !== undefined, `"${value}" has no type`)
    // RFC 6533 3: utf-8-addr-unitext in the global form only.
    if (type === 'rfc822' || !isGlobal) assert.match(address, /^[ -~]+$/)
  }
  const action = fields.get('action') ?? ''
  const [, kind] = /^([245])\.\d{1,3}\.\d{1,3}$/.exec(fields.get('status') ?? '') ?? []
  assert.ok(kind !== undefined, `"${fields.get('status') ?? ''}" is no status`)
  assert.equal(kind, CLASS_OF[action], `${action} with status ${fields.get('status') ?? ''}`)
  if (fields.has('remote-mta')) assert.match(fields.get('remote-mta') ?? '', /^dns; ./)
  if (fields.has('diagnostic-code')) assert.match(fields.get('diagnostic-code') ?? '', /^(?:smtp|x-[a-z-]+);/)
  for (const name of ['last-attempt-date', 'will-retry-until']) {
    if (fields.has(name)) assert.match(fields.get(name) ?? '', DATE)
  }
  assert.ok(!fields.has('will-retry-until') || action === 'delayed', 'Will-Retry-Until belongs to a delay')
}

function checkOrder(fields: ReadonlyMap<string, string>, order: readonly string[]): void {
  const known = order.map((name) => name.replace('!', ''))
  for (const name of order.filter((each) => each.endsWith('!'))) {
    assert.ok(fields.has(name.slice(0, -1)), `${name.slice(0, -1)} is missing`)
  }
  assert.deepEqual(
    [...fields.keys()],
    known.filter((name) => fields.has(name)),
  )
}

function readText({ headers, content, encoding }: Part): string {
  const [, charset] = /^text\/plain; charset=(us-ascii|utf-8)$/.exec(headers.get('content-type') ?? '') ?? []
  assert.ok(charset !== undefined)
  assertLines(content, 'the text')
  assert.ok(encoding === '7bit' || encoding === 'base64')
  if (encoding === 'base64') {
    const lines = content.toString('latin1').replace(/\r\n$/, '').split('\r\n')
    for (const line of lines) assert.match(line, /^[A-Za-z0-9+/]{1,76}={0,2}$/)
    for (const line of lines) assert.ok(line.length <= 76)
  }
  const bytes = encoding === 'base64' ? Buffer.from(content.toString('latin1'), 'base64') : content
  if (charset === 'us-ascii') assertAscii(bytes, 'a text in us-ascii')
  const text = bytes.toString('utf8')
  assert.ok(!/(?<!\r)\n|\r(?!\n)/.test(text), 'a line of the text does not end with CRLF')
  return text.replaceAll('\r\n', '\n')
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
    const part = splitPart(content.subarray(at, to))
    assert.ok(!part.content.includes(boundary), 'the boundary is in a part')
    parts.push(part)
    if (found < 0) return parts
    at = found + next.length
  }
}

function splitPart(bytes: Buffer): Part {
  const end = bytes.indexOf(CRLF2)
  assert.ok(end >= 0, 'a part has no blank line after its headers')
  const head = bytes.subarray(0, end)
  assertLines(head, 'a header')
  const headers = readFields(head.toString('utf8'))
  const content = bytes.subarray(end + 4)
  const encoding = headers.get('content-transfer-encoding') ?? '7bit'
  assert.match(encoding, /^(?:7bit|8bit|base64)$/)
  if (encoding === '7bit') assertAscii(content, `a part of ${headers.get('content-type') ?? ''} in 7bit`)
  return { headers, content, encoding }
}

/** RFC 5322 2.1.1, 2.3: lines of at most 998 octets, ended by CRLF; no CR or LF otherwise. */
function assertLines(bytes: Buffer, what: string): void {
  for (const line of bytes.toString('latin1').split('\r\n')) {
    assert.ok(line.length <= 998, `a line of ${what} has ${line.length} octets`)
    assert.ok(!/[\r\n\0]/.test(line), `a line of ${what} holds a CR, an LF or a NUL`)
  }
}

function assertAscii(bytes: Buffer, what: string): void {
  assert.ok(
    bytes.every((byte) => byte < 0x80),
    `${what} is not ASCII`,
  )
}

function readFields(block: string): Map<string, string> {
  const fields = new Map<string, string>()
  // RFC 5322 3.2.2: a line of a folded field holds more than blanks.
  for (const line of block.split('\r\n')) assert.match(line, /[^ \t]/)
  for (const line of block.replace(/\r\n[ \t]+/g, ' ').split('\r\n')) {
    const [, name, value = ''] = /^([!-9;-~]+):(?: (.*))?$/.exec(line) ?? []
    assert.ok(name !== undefined, `"${line}" is no field`)
    assert.ok(!fields.has(name.toLowerCase()), `${name} is there twice`)
    fields.set(name.toLowerCase(), value)
  }
  return fields
}
