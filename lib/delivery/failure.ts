import { errorCode, errorText } from '../error.js'
import type { Outcome } from './types.js'

/** An outcome other than delivered. */
export type Failure = Exclude<Outcome, { readonly state: 'delivered' }>

interface Public {
  readonly status: string
  readonly text: string
}

// RFC 3463: X.2.2 mailbox full, X.3.1 mail system full, X.3.5 system incorrectly configured, X.3.0 anything else.
const MAILBOX_FULL: Public = { status: '4.2.2', text: 'the mailbox is full' }
const SYSTEM_FULL: Public = { status: '4.3.1', text: 'the mail system is out of space' }
const WRONG_SETUP: Public = { status: '4.3.5', text: 'the mailbox is not set up correctly' }
const OTHER: Public = { status: '4.3.0', text: 'the mailbox cannot be written at present' }

const BY_CODE: ReadonlyMap<string, Public> = new Map([
  ['EDQUOT', MAILBOX_FULL],
  ['EFBIG', MAILBOX_FULL],
  ['ENOSPC', SYSTEM_FULL],
  ['EACCES', WRONG_SETUP],
  ['EPERM', WRONG_SETUP],
  ['ENOENT', WRONG_SETUP],
  ['ENOTDIR', WRONG_SETUP],
  ['EISDIR', WRONG_SETUP],
  ['ELOOP', WRONG_SETUP],
  ['ENAMETOOLONG', WRONG_SETUP],
])

/**
 * What an error of the operating system means for a delivery: always another try. Whatever the cause, the operator can
 * mend it before max_retrytime is over, while a bounce would lose the mail (D4). `doing` says for the log what was
 * tried.
 */
export function deferredBy(error: unknown, doing: string): Failure {
  const known = BY_CODE.get(errorCode(error) ?? '') ?? OTHER
  return { state: 'deferred', ...known, detail: `${doing}: ${errorText(error)}` }
}

/** The mailbox is something that must not be written to: the operator's mistake, so the mail waits for the repair. */
export function deferredBySetup(detail: string): Failure {
  return { state: 'deferred', ...WRONG_SETUP, detail }
}

/** The mailbox has reached its limit (D7); becomes 5.2.2 when the mail is given up. */
export function mailboxFull(file: string): Failure {
  return { state: 'deferred', ...MAILBOX_FULL, detail: `${file} is at its limit` }
}
