export const ANN = 'ann@sender.example'
export const JURGEN = 'jürgen@sender.example'
export const US = 'mail.domain1.com'

export interface Row {
  /** The message's own. */
  readonly id: string
  readonly title: string
  /** For sendmail(1), without the sender. */
  readonly args: readonly string[]
  readonly body?: string
  /** A line for each recipient of each report that the sender gets, sorted. */
  readonly told: readonly string[]
}

export const UTF8 = 'MIME-Version: 1.0\nContent-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: 8bit\n'

export const ROWS: readonly Row[] = [
  {
    id: 'mailbox@sender.example',
    title: 'to a mailbox, success: delivered',
    args: ['-N', 'success,failure', '-V', 'QQ+1=a', 'bob@domain1.com'],
    told: [`${US}: QQ+1=a rfc822;bob@domain1.com bob@domain1.com delivered 2.0.0`],
  },
  {
    id: 'unasked@sender.example',
    title: 'to a mailbox, nothing asked: nothing',
    args: ['-V', 'QQ2', 'bob@domain1.com'],
    told: [],
  },
  {
    id: 'list@sender.example',
    title: 'to a list, success: expanded',
    args: ['-N', 'success', '-V', 'QQ3', 'all@domain1.com'],
    told: [`${US}: QQ3 rfc822;all@domain1.com all@domain1.com expanded 2.0.0`],
  },
  {
    id: 'relayed@sender.example',
    title: 'to a server without DSN, success: relayed',
    args: ['-N', 'success', '-V', 'QQ4', 'carl@far.example'],
    told: [`${US}: QQ4 rfc822;carl@far.example carl@far.example relayed 2.0.0`],
  },
  {
    id: 'failed@sender.example',
    title: 'refused there after we took it, failure: failed',
    args: ['-N', 'failure', '-V', 'QQ5', 'gone@far.example'],
    told: [`${US}: QQ5 rfc822;gone@far.example gone@far.example failed 5.1.1`],
  },
  {
    id: 'default@sender.example',
    title: 'refused there, nothing asked: failed',
    args: ['gone@far.example'],
    told: [`${US}: - rfc822;gone@far.example gone@far.example failed 5.1.1`],
  },
  {
    id: 'whole@sender.example',
    title: 'refused there, the message wanted back, with UTF-8 in it',
    args: ['-N', 'failure', '-R', 'full', 'gone@far.example'],
    body: 'Grüße aus Köln\n',
    told: [`${US}: - rfc822;gone@far.example gone@far.example failed 5.1.1`],
  },
  {
    id: 'never@sender.example',
    title: 'taken and refused there, never: nothing',
    args: ['-N', 'never', '-V', 'QQ8', 'carl@far.example', 'gone@far.example', 'bob@domain1.com'],
    told: [],
  },
  {
    id: 'delayed@sender.example',
    title: 'put off there, then taken, delay and success: delayed, then relayed',
    args: ['-N', 'delay,success', '-V', 'QQ9', 'slow@far.example'],
    told: [
      `${US}: QQ9 rfc822;slow@far.example slow@far.example delayed 4.2.1`,
      `${US}: QQ9 rfc822;slow@far.example slow@far.example relayed 2.0.0`,
    ],
  },
  {
    id: 'several@sender.example',
    title: 'one message for several: a line for each',
    args: ['-N', 'success,failure', '-V', 'QQ10', 'bob@domain1.com', 'carl@far.example', 'gone@far.example'],
    told: [
      `${US}: QQ10 rfc822;bob@domain1.com bob@domain1.com delivered 2.0.0`,
      `${US}: QQ10 rfc822;carl@far.example carl@far.example relayed 2.0.0`,
      `${US}: QQ10 rfc822;gone@far.example gone@far.example failed 5.1.1`,
    ],
  },
]

/** What sendmail(1) has no words for. */
export interface SmtpRow extends Pick<Row, 'id' | 'title' | 'told'> {
  readonly from: string
  /** Parameters of MAIL. */
  readonly mail: string
  readonly to: string
  /** Parameters of RCPT. */
  readonly rcpt: string
}

export const SMTP_ROWS: readonly SmtpRow[] = [
  {
    id: 'orcpt@sender.example',
    title: 'an ENVID and an ORCPT given to Postfix come back decoded',
    from: ANN,
    mail: 'RET=HDRS ENVID=QQ+2B11',
    to: 'bob@domain1.com',
    rcpt: 'NOTIFY=SUCCESS ORCPT=rfc822;Bob+2BLunch@old.example',
    told: [`${US}: QQ+11 rfc822;Bob+Lunch@old.example bob@domain1.com delivered 2.0.0`],
  },
  {
    id: 'utf8-recipient@sender.example',
    title: 'a recipient in UTF-8, a sender in ASCII: the report is ASCII',
    from: ANN,
    mail: 'SMTPUTF8',
    to: 'jürgen@far.example',
    rcpt: 'NOTIFY=SUCCESS',
    told: [`${US}: - utf-8;j\\x{FC}rgen@far.example utf-8; j\\x{FC}rgen@far.example relayed 2.0.0`],
  },
  {
    id: 'utf8-both@sender.example',
    title: 'both in UTF-8: the report is in UTF-8',
    from: JURGEN,
    mail: 'SMTPUTF8',
    to: 'jürgen@far.example',
    rcpt: 'NOTIFY=SUCCESS',
    told: [`${US}: - utf-8;jürgen@far.example utf-8; jürgen@far.example relayed 2.0.0`],
  },
]
