import { spawnSync } from 'node:child_process'

/** A report as Python's `email` understands it. */
export interface EmailReport {
  readonly type: string
  readonly reportType: string | null
  readonly subject: string
  /** Types of the parts of the report, in their order. */
  readonly parts: readonly string[]
  /** The part for a person. */
  readonly text: string
  /** Fields about the message, then a group for each recipient; names in lower case. */
  readonly status: readonly Readonly<Record<string, string>>[]
  /** The message or header section that is returned. */
  readonly returned: string
  /** What is wrong with any header or part of it. */
  readonly defects: readonly string[]
}

const SCRIPT = `
import email, json, sys
from email import policy

def defects(message):
    # To it a header with an address in UTF-8 is defect.
    ascii = message.get_param('report-type') == 'delivery-status'
    for part in message.walk():
        yield from part.defects
        if ascii:
            for value in part.values():
                yield from getattr(value, 'defects', ())

policy = policy.default.clone(utf8=True)

# It knows message/delivery-status, and takes message/global-delivery-status for a message.
def blocks(status):
    if status.get_content_type() == 'message/delivery-status': return status.get_payload()
    [all] = status.get_payload()
    return [email.message_from_bytes(one, policy=policy) for one in all.as_bytes().split(b'\\n\\n')]

def fields(block):
    names = [name.lower() for name in block.keys()]
    assert len(set(names)) == len(names), names
    return {name.lower(): str(value) for name, value in block.items()}

def read(hexed):
    message = email.message_from_bytes(bytes.fromhex(hexed), policy=policy)
    text, status, returned = message.get_payload()
    inner = returned.get_payload()
    return {
        'type': message.get_content_type(),
        'reportType': message.get_param('report-type'),
        'subject': message['Subject'],
        'parts': [part.get_content_type() for part in (text, status, returned)],
        'text': text.get_content(),
        'status': [fields(block) for block in blocks(status)],
        'returned': inner if isinstance(inner, str) else inner[0].as_bytes().decode('utf-8'),
        'defects': [repr(defect) for defect in defects(message)],
    }

print(json.dumps([read(line) for line in sys.stdin.read().split()]))
`

/** Reads reports, whole messages with LF or CRLF line ends; one that has not the three parts of a report is an error. */
export function readReports(messages: readonly (Buffer | string)[]): EmailReport[] {
  const input = messages.map((message) => Buffer.from(message).toString('hex')).join('\n')
  const { status, stdout, stderr } = spawnSync('python3', ['-c', SCRIPT], { input, encoding: 'utf8' })
  if (status !== 0) throw new Error(`${stderr}\n${messages.join('\n\n')}`)
  return JSON.parse(stdout) as EmailReport[]
}

/** What a report says of each of its recipients, on a line: whose report, ENVID, ORCPT, address, what became of it. */
export function linesOf({ status }: EmailReport): string[] {
  const [message = {}, ...groups] = status
  const who = message['reporting-mta']?.replace(/^dns; */, '') ?? '?'
  return groups.map((group) => {
    const original = group['original-recipient']?.replace(/; +/, ';') ?? '-'
    const final = group['final-recipient']?.replace(/^rfc822; */, '') ?? '?'
    const envelope = message['original-envelope-id'] ?? '-'
    return `${who}: ${envelope} ${original} ${final} ${group['action'] ?? '?'} ${group['status'] ?? '?'}`
  })
}
