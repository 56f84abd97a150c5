import { errorText } from '../error.js'
import { printable } from '../log.js'
import { lacksAccount, plainEnvironment, type Account } from '../process/account.js'
import { findProgram } from '../process/find.js'
import { runProcess, startAndLetGo, type Ended, type TimeRules } from '../process/run.js'
import type { Command } from './settings.js'

/** How programs of the operator run: the rules of robots (D8, D11). */
export interface ProgramRules extends TimeRules {
  /** Where a bare name is looked for. */
  readonly path: readonly string[]
  readonly cwd: string
  readonly user: Account | undefined
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

/** Looks for a program, without a message to give it; `missing` says why it cannot be run. */
export async function findCommand(
  [name, ...args]: Command,
  rules: ProgramRules,
): Promise<Program | { readonly missing: string }> {
  const { path, cwd, user: account } = rules
  if (lacksAccount(account)) {
    return { missing: `${name} is not run: the server runs as root and [robot] user is not set` }
  }
  const found = await findProgram(name, path)
  if ('missing' in found) return { missing: `${name} cannot be run: ${found.missing}` }
  const start = { file: found.file, args, cwd, env: plainEnvironment(account?.home), account }
  return {
    name,
    async run() {
      return judge(name, await runProcess(start, rules), rules.timeoutMs)
    },
    letGo() {
      startAndLetGo(start)
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
