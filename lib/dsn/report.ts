/** What a report says of one recipient. Times in milliseconds since 1970. */
export interface ReportedRecipient {
  readonly action: 'failed' | 'delayed' | 'delivered' | 'relayed' | 'expanded'
  /** The address the sender used; a target of the operator's that the sender does not know is never named. */
  readonly address: string
  /** ORCPT as given, `type;address`, decoded. */
  readonly original: { readonly type: string; readonly address: string } | undefined
  /** RFC 3463, such as 5.1.1. */
  readonly status: string
  /** Why, in plain words: the next hop's own where it said something. */
  readonly reason: string
  /** With its type, `smtp; 550 5.1.1 no such user`; undefined where there is nothing to tell a program. */
  readonly diagnostic: string | undefined
  /** The next hop's name or address. */
  readonly remoteMta: string | undefined
  readonly lastAttemptMs: number | undefined
  readonly willRetryUntilMs: number | undefined
}

/** Everything a report is made of. */
export interface Report {
  readonly kind: 'report' | 'double bounce'
  /** Of the report itself: `unique@host`. */
  readonly messageId: string
  readonly dateMs: number
  /** The host name this server goes by. */
  readonly reportingMta: string
  /** `sysadmin` (N1). */
  readonly from: string
  /** The sender of the message that is reported on; `sysadmin` for a double bounce. */
  readonly to: string
  /** ENVID, decoded. */
  readonly envelopeId: string | undefined
  readonly arrivalMs: number
  readonly subject: string | undefined
  readonly originalMessageId: string | undefined
  readonly recipients: readonly ReportedRecipient[]
  readonly returned: Returned
}

/** The message that is reported on, or its header section (N2). Lines end with CRLF. */
export interface Returned {
  readonly kind: 'headers' | 'message'
  readonly content: Buffer
  /** Something was left off at its end. */
  readonly cut: boolean
}
