import { lacksAccount, type Account } from '../process/account.js'
import { findProgram } from '../process/find.js'
import { PIPE_BYTES, runProcess } from '../process/run.js'
import { deliveredToLine, fromLine } from './mbox.js'
import { robotEnvironment } from './robot-environment.js'
import { cannotRun, outcomeOf, type ExitStatus } from './robot-outcome.js'
import { createRewriter, rewriteStream } from './rewrite.js'
import type { Envelope, MessageSource, Outcome } from './types.js'

export interface RobotSpec {
  /** The program as written, and its arguments (C9). */
  readonly argv: readonly [string, ...string[]]
  /** Where a bare name is looked for: dsmtp_path, then `[robot] path` (D11). */
  readonly path: readonly string[]
  /** Working directory: dsmtp_path (D8). */
  readonly cwd: string
  /** `[robot] user`; must be there when the server runs as root (D8). */
  readonly user?: Account
  /** Time for everything, in milliseconds (D8: 60 s). */
  readonly timeoutMs: number
  /** Time between TERM and KILL, in milliseconds; 5 s unless given. */
  readonly graceMs?: number
  /** `[robot] unixfrom`: begin with the `From ` line. */
  readonly unixfrom: boolean
  /** Put `Delivered-To:` before the message, as other final deliveries do, so that a robot cannot make a loop (R15). */
  readonly deliveredTo?: boolean
  readonly exitStatus: ExitStatus
  /** The moment of delivery. */
  readonly now?: () => Date
  /** Told of an exit status that is ignored. */
  readonly warn?: (text: string) => void
}

/**
 * Gives a message to a robot (D8, D9, D11) and waits for its end, so it is never called while a client waits (D12).
 * Never rejects.
 */
export async function runRobot(spec: RobotSpec, message: MessageSource, envelope: Envelope): Promise<Outcome> {
  const [name, ...args] = spec.argv
  if (lacksAccount(spec.user)) {
    const detail = `${name} was not run: the server runs as root and [robot] user is not set`
    return { state: 'deferred', status: '4.3.5', text: 'the mail system is not set up correctly', detail }
  }
  const found = await findProgram(name, spec.path)
  if ('missing' in found) return cannotRun(`cannot run ${name}: ${found.missing}`)

  const head =
    (spec.unixfrom ? fromLine(envelope.sender, (spec.now ?? (() => new Date()))()) : '') +
    (spec.deliveredTo === true ? deliveredToLine(envelope.recipient) : '')
  const ended = await runProcess(
    {
      file: found.file,
      args,
      cwd: spec.cwd,
      env: robotEnvironment(envelope, spec.user?.home),
      account: spec.user,
    },
    spec,
    {
      head,
      open: () => message.open(),
      // CRLF to LF.
      through: rewriteStream(createRewriter('none', false)),
      fitsPipe: message.size + head.length <= PIPE_BYTES,
    },
  )
  return outcomeOf(ended, found.file, spec.exitStatus, spec.warn)
}
