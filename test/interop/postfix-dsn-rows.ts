export const [ANNA, OTTO] = ['anna@customer.example', 'otto@customer.example']
/** Postfix takes mail for these, and finds then that there are no such users. */
export const NOBODY = 'nobody@customer.example'
const [UNASKED, NEVER] = ['unasked@customer.example', 'never@customer.example']
export const HIDDEN = 'hidden.person@customer.example'

/** What ends in her mailbox. */
export const FOR_ANNA = new Set([ANNA, 'chef@domain1.com', 'all@domain1.com', 'jürgen@domain1.com'])

export interface Row {
  /** The message's own. */
  readonly id: string
  readonly title: string
  /** Of MAIL. */
  readonly mail: string
  /** Addresses, and parameters of RCPT. */
  readonly to: readonly (readonly [address: string, parameters: string])[]
  /** A line for each recipient of each report that the sender gets, sorted. */
  readonly told: readonly string[]
  /** What Postfix did with it, for those whose sender is told nothing. */
  readonly log?: readonly RegExp[]
}

export const WITH_DSN: readonly Row[] = [
  {
    id: 'delivered@domain1.com',
    title: 'delivered, SUCCESS: Postfix reports, with our ENVID and ORCPT',
    mail: 'RET=HDRS ENVID=QQ+2B314',
    to: [[ANNA, 'NOTIFY=SUCCESS ORCPT=rfc822;Anna+2BLunch@old.example']],
    told: [`mail.customer.example: QQ+314 rfc822;Anna+Lunch@old.example ${ANNA} delivered 2.0.0`],
  },
  {
    id: 'bounced@domain1.com',
    title: 'bounced after it was taken, FAILURE: Postfix reports, with our ENVID and ORCPT',
    mail: 'ENVID=QQ315',
    to: [[NOBODY, 'NOTIFY=FAILURE ORCPT=rfc822;somebody@old.example']],
    told: [`mail.customer.example: QQ315 rfc822;somebody@old.example ${NOBODY} failed 5.1.1`],
  },
  {
    id: 'success-only@domain1.com',
    title: 'bounced, SUCCESS only: nobody is told',
    mail: 'ENVID=QQ316',
    to: [[UNASKED, 'NOTIFY=SUCCESS']],
    told: [],
    log: [/to=<unasked@customer\.example>.* dsn=5\.1\.1, status=bounced/],
  },
  {
    id: 'never@domain1.com',
    title: 'delivered and bounced, NEVER: nobody is told',
    mail: 'ENVID=QQ317',
    to: [
      [ANNA, 'NOTIFY=NEVER'],
      [NEVER, 'NOTIFY=NEVER ORCPT=rfc822;somebody@old.example'],
    ],
    told: [],
    log: [/to=<never@customer\.example>.* status=bounced/],
  },
  {
    id: 'no-notify@domain1.com',
    title: 'no NOTIFY: Postfix reports the failure alone',
    mail: 'ENVID=QQ318',
    to: [
      [ANNA, ''],
      [NOBODY, ''],
    ],
    told: [`mail.customer.example: QQ318 rfc822;${NOBODY} ${NOBODY} failed 5.1.1`],
  },
  {
    id: 'wishes@domain1.com',
    title: 'one message with a wish for each recipient: each is kept to',
    mail: 'RET=FULL ENVID=QQ319',
    to: [
      [ANNA, 'NOTIFY=SUCCESS,FAILURE ORCPT=rfc822;a@old.example'],
      [OTTO, 'NOTIFY=FAILURE,DELAY ORCPT=rfc822;o@old.example'],
      [NOBODY, 'NOTIFY=FAILURE ORCPT=rfc822;n@old.example'],
    ],
    told: [
      `mail.customer.example: QQ319 rfc822;a@old.example ${ANNA} delivered 2.0.0`,
      `mail.customer.example: QQ319 rfc822;n@old.example ${NOBODY} failed 5.1.1`,
    ],
  },
  {
    id: 'alias@domain1.com',
    title: 'an alias of ours for one address there: ORCPT is the alias',
    mail: 'ENVID=QQ320',
    to: [
      ['chef@domain1.com', 'NOTIFY=SUCCESS'],
      ['gone@domain1.com', 'NOTIFY=FAILURE'],
    ],
    told: [
      `mail.customer.example: QQ320 rfc822;chef@domain1.com ${ANNA} delivered 2.0.0`,
      `mail.customer.example: QQ320 rfc822;gone@domain1.com ${NOBODY} failed 5.1.1`,
    ],
  },
  {
    id: 'alias-orcpt@domain1.com',
    title: 'an alias of ours with an ORCPT: that one goes on',
    mail: '',
    to: [['chef@domain1.com', 'NOTIFY=SUCCESS ORCPT=rfc822;chef@old.example']],
    told: [`mail.customer.example: - rfc822;chef@old.example ${ANNA} delivered 2.0.0`],
  },
  {
    id: 'list@domain1.com',
    title: 'an alias of ours for two addresses there: we say expanded, Postfix reports the failure alone',
    mail: 'ENVID=QQ321',
    to: [['all@domain1.com', 'NOTIFY=SUCCESS,FAILURE']],
    told: [
      `mail.customer.example: QQ321 rfc822;all@domain1.com ${NOBODY} failed 5.1.1`,
      'mail.domain1.com: QQ321 - all@domain1.com expanded 2.0.0',
    ],
  },
  {
    id: 'utf8-orcpt@domain1.com',
    title: 'an ORCPT in UTF-8: Postfix reports it decoded',
    mail: 'ENVID=QQ323',
    to: [[ANNA, 'NOTIFY=SUCCESS ORCPT=utf-8;j\\x{FC}rgen@old.example']],
    told: [`mail.customer.example: QQ323 utf-8;jürgen@old.example ${ANNA} delivered 2.0.0`],
  },
  {
    id: 'utf8-alias@domain1.com',
    title: 'an alias of ours in UTF-8: ORCPT is the alias, of type utf-8',
    mail: 'SMTPUTF8 ENVID=QQ324',
    to: [['jürgen@domain1.com', 'NOTIFY=SUCCESS']],
    told: [`mail.customer.example: QQ324 utf-8;jürgen@domain1.com ${ANNA} delivered 2.0.0`],
  },
]

export const WITHOUT_DSN: readonly Row[] = [
  {
    id: 'relayed@domain1.com',
    title: 'taken, SUCCESS: we say relayed, with ENVID and ORCPT',
    mail: 'RET=FULL ENVID=QQ+2B322',
    to: [[ANNA, 'NOTIFY=SUCCESS ORCPT=rfc822;Anna+2BLunch@old.example']],
    told: [`mail.domain1.com: QQ+322 rfc822;Anna+Lunch@old.example ${ANNA} relayed 2.0.0`],
  },
  {
    id: 'relayed-alias@domain1.com',
    title: 'taken for an alias of ours: we say relayed for the alias',
    mail: '',
    to: [['chef@domain1.com', 'NOTIFY=SUCCESS']],
    told: ['mail.domain1.com: - - chef@domain1.com relayed 2.0.0'],
  },
  {
    id: 'hidden@domain1.com',
    title: 'refused for an alias of ours: we say failed for the alias',
    mail: 'ENVID=QQ325',
    to: [['secret@domain1.com', 'NOTIFY=FAILURE']],
    told: ['mail.domain1.com: QQ325 - secret@domain1.com failed 5.1.1'],
  },
]
