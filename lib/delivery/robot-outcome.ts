import { errorCode, errorText } from '../error.js'
import type { Ended } from '../process/run.js'
import type { Outcome } from './types.js'

/** `[robot] exit_status`: whether an exit status other than 0 and 75 bounces the message (D9). */
export type ExitStatus = 'sysexits' | 'ignore'

/** EX_TEMPFAIL of sysexits.h: the one exit status that asks for another try. */
const TEMPFAIL = 75

// sysexits.h to RFC 3463; any other status is 5.3.0.
const STATUS_OF_EXIT: ReadonlyMap<number, string> = new Map([
  [65, '5.6.0'], // EX_DATAERR
  [67, '5.1.1'], // EX_NOUSER
  [68, '5.1.2'], // EX_NOHOST
  [77, '5.7.0'], // EX_NOPERM
  [78, '5.3.5'], // EX_CONFIG
])

/**
 * The machine is short of something, or the server may not become `[robot] user` (EPERM): that says nothing about the robot,
 * and mail must not come back for it.
 */
const NOT_ITS_FAULT: ReadonlySet<string | undefined> = new Set([
  'EAGAIN',
  'EMFILE',
  'ENFILE',
  'ENOMEM',
  'EPERM',
  'ETXTBSY',
])

const PROGRAM = 'the program that handles this address'

/**
 * What became of a message given to a robot (D9; semantics 8: "cannot be run or does not take the message" bounces).
 * `program` names the robot in `detail`; `warn` is told of an exit status that is ignored.
 */
export function outcomeOf(
  ended: Ended,
  program: string,
  exitStatus: ExitStatus,
  warn: (text: string) => void = () => undefined,
): Outcome {
  switch (ended.how) {
    case 'not-started':
      return NOT_ITS_FAULT.has(errorCode(ended.error))
        ? deferred(`${PROGRAM} cannot be run at present`, `cannot start ${program}: ${errorText(ended.error)}`)
        : cannotRun(`cannot start ${program}: ${errorText(ended.error)}`)
    case 'unread':
      return deferred('the message cannot be read at present', `${program} was stopped: ${errorText(ended.error)}`)
    case 'timed-out':
      return deferred(`${PROGRAM} took too long`, withOutput(`${program} was stopped at its time limit`, ended.output))
    case 'signal':
      return deferred(`${PROGRAM} was interrupted`, withOutput(`${program} was ended by ${ended.signal}`, ended.output))
    case 'exit':
      return outcomeOfExit(ended, program, exitStatus, warn)
  }
}

/** The robot's program is not there or cannot be started: bounced, as documented (D9). */
export function cannotRun(detail: string): Outcome {
  return { state: 'failed', status: '5.3.0', text: `${PROGRAM} cannot be run`, detail }
}

function outcomeOfExit(
  ended: Extract<Ended, { readonly how: 'exit' }>,
  program: string,
  exitStatus: ExitStatus,
  warn: (text: string) => void,
): Outcome {
  const { code, tookAll, output } = ended
  const said = printable(output)
  const detail = withOutput(`${program} ended with exit status ${code}`, output)
  if (code === TEMPFAIL) return deferred(`${PROGRAM} asks for another try`, detail)
  if (code !== 0 && exitStatus === 'sysexits') {
    const text = said === '' ? `${PROGRAM} refused the message` : `${PROGRAM} refused the message: ${said}`
    return { state: 'failed', status: STATUS_OF_EXIT.get(code) ?? '5.3.0', text, detail }
  }
  if (!tookAll) {
    const text = `${PROGRAM} did not take the whole message`
    return { state: 'failed', status: '5.3.0', text, detail: `${detail} before it took the whole message` }
  }
  if (code !== 0) warn(`${detail}; it is ignored ([robot] exit_status=ignore)`)
  return { state: 'delivered' }
}

function deferred(text: string, detail: string): Outcome {
  return { state: 'deferred', status: '4.3.0', text, detail }
}

function withOutput(detail: string, output: Buffer): string {
  const said = printable(output)
  return said === '' ? detail : `${detail} and said: ${said}`
}

/** Output as one line of text: it goes into replies, reports and the log. A character cut in two at the end goes. */
function printable(output: Buffer): string {
  return output
    .toString('utf8')
    .replace(/\ufffd$/, '')
    .replace(/\s+/g, ' ')
    .replace(/\p{Cc}/gu, '')
    .trim()
}
