export const UTF8_RECIPIENT = 'jürgen@customer.example'

const MEGABYTE = 1024 * 1024

/** A kind of message; what is not given is plain. */
export interface Kind {
  readonly title: string
  /** Of MAIL. */
  readonly params?: string
  readonly from?: string
  readonly to?: string
  /** Of the header, beside the usual ones. */
  readonly fields?: readonly string[]
  /** With LF line ends. */
  readonly body: Buffer
}

/** What is hard to carry through SMTP, queue files and mailboxes. */
export const KINDS: readonly Kind[] = [
  { title: 'an empty body', body: Buffer.from('') },
  {
    title: 'every byte from 0x80 to 0xff (8BITMIME)',
    params: 'BODY=8BITMIME',
    fields: ['MIME-Version: 1.0', 'Content-Type: text/plain; charset=iso-8859-1', 'Content-Transfer-Encoding: 8bit'],
    body: Buffer.concat([Buffer.from(Array.from({ length: 128 }, (_, at) => 0x80 + at)), Buffer.from('\n')]),
  },
  {
    title: 'UTF-8 in the envelope, the header and the body (SMTPUTF8)',
    params: 'SMTPUTF8 BODY=8BITMIME',
    from: 'frédéric@domain1.com',
    to: UTF8_RECIPIENT,
    fields: [
      'MIME-Version: 1.0',
      'Content-Type: text/plain; charset=utf-8',
      'Content-Transfer-Encoding: 8bit',
      'Comments: Grüße, приветствия, 挨拶',
    ],
    body: Buffer.from('Grüße aus Köln\n挨拶\n'),
  },
  {
    title: 'lines of dots',
    body: Buffer.from('.\n..\n...\n.a\n. \n\n.\n\n..b\n.\n'),
  },
  {
    title: 'From lines, blanks at line ends, blank lines at the end',
    body: Buffer.from('From here on\n>From there\nblank \ntab\t\n\n \n\n\n'),
  },
  {
    title: 'lines of 998, 2048 and 100,000 bytes',
    body: Buffer.from(
      [998, 2048, 100_000].map((length) => `${'0123456789'.repeat(length).slice(0, length)}\n`).join(''),
    ),
  },
  {
    title: 'fields that are folded, long, repeated and empty',
    fields: [
      `References:${Array.from({ length: 40 }, (_, at) => `\n <${at}.${'r'.repeat(40)}@example.com>`).join('')}`,
      'X-Tab:\tone\n\ttwo\n   three',
      `X-Long: ${'l'.repeat(900)}`,
      'Comments: first',
      'Comments: second',
      'X-Empty: ',
    ],
    body: Buffer.from('At noon?\n'),
  },
  {
    title: '10 MB',
    body: Buffer.from(
      Array.from({ length: (10 * MEGABYTE) / 76 }, (_, at) => `${String(at).padStart(75, '.')}\n`).join(''),
    ),
  },
]
