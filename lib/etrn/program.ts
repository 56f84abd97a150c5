import { spawn } from 'node:child_process'
import { Readable } from 'node:stream'
import { errorText } from '../error.js'
import { plainEnvironment } from '../delivery/robot-environment.js'
import { isOurselves, type RobotSpec } from '../delivery/robot.js'
import { findProgram } from '../delivery/robot-program.js'
import { runProcess, type Ended } from '../delivery/robot-process.js'
import { printable } from '../log.js'
import type { Command } from './settings.js'

/** How programs of the operator run: the rules of robots (D8, D11). */
export type ProgramRules = Pick<RobotSpec, 'path' | 'cwd' | 'timeoutMs' | 'graceMs'> & {
  readonly user: RobotSpec['user'] | undefined
}

/** A program that is there and may be run. */
export interface Program {
  /** As written in dmail.conf. */
  readonly name: string
  /** Runs it to its end. Never rejects. */
  run(): Promise<Ran>
  /** Starts it and lets it go: for the moment in which this process ends. */
  letGo(): void
}

export type Ran =
  | { readonly ok: true }
  /** `started`: it may have done something. */
  | { readonly ok: false; readonly started: boolean; readonly text: string }

const GRACE_MS = 5_000

/** Looks for a program, without a message to give it; `missing` says why it cannot be run. */
export async function findCommand(
  [name, ...args]: Command,
  rules: ProgramRules,
): Promise<Program | { readonly missing: string }> {
  const { path, cwd, user, timeoutMs, graceMs = GRACE_MS } = rules
  if (user === undefined && process.getuid?.() === 0) {
    return { missing: `${name} is not run: the server runs as root and [robot] user is not set` }
  }
  const found = await findProgram(name, path)
  if ('missing' in found) return { missing: `${name} cannot be run: ${found.missing}` }
  const { file } = found
  const env = plainEnvironment(user?.home)
  const become = user === undefined || isOurselves(user) ? {} : { user: { uid: user.uid, gid: user.gid } }
  return {
    name,
    async run() {
      const start = { file, args, cwd, env, ...become, fitsPipe: true, timeoutMs, graceMs }
      return judge(name, await runProcess(start, '', () => Readable.from([])), timeoutMs)
    },
    letGo() {
      const child = spawn(file, args, { cwd, env, ...become.user, detached: true, shell: false, stdio: 'ignore' })
      child.on('error', () => undefined)
      child.unref()
    },
  }
}

function judge(name: string, ended: Ended, timeoutMs: number): Ran {
  const failed = (text: string, output: Buffer = Buffer.alloc(0)): Ran => {
    const said = printable(output.toString('utf8').trim().replace(/\s+/g, ' '))
    return { ok: false, started: true, text: `${name} ${text}${said === '' ? '' : ` and said: ${said}`}` }
  }
  switch (ended.how) {
    case 'exit':
      return ended.code === 0 ? { ok: true } : failed(`ended with status ${ended.code}`, ended.output)
    case 'signal':
      return failed(`was ended by ${ended.signal}`, ended.output)
    case 'timed-out':
      return failed(`was stopped after ${timeoutMs / 1000} s`, ended.output)
    case 'unread':
      return failed(`was stopped: ${errorText(ended.error)}`)
    case 'not-started':
      return { ok: false, started: false, text: `${name} cannot be started: ${errorText(ended.error)}` }
  }
}
