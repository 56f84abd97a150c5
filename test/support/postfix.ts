import { execFileSync, spawnSync } from 'node:child_process'
import { chmodSync, chownSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { atExit, tempDir } from './cleanup.js'
import { COMMANDS, DAEMONS, mainCf, MAILBOX_OWNER, masterCf, type Settings } from './postfix-files.js'
import { freePort } from './ports.js'
import { allGone, familyOf, sendSignal, type ProcessRef } from './processes.js'
import { until } from './wait.js'

const PORT_TRIES = 5
const STOP_MS = 20_000

export interface PostfixOptions {
  /** Lines of main.cf, beside and over those of a private instance; they may name paths inside `dir`. */
  readonly settings?: (dir: string) => Settings
  /** Addresses whose mail is kept in maildirs; the other users of their domains are unknown. */
  readonly mailboxes?: readonly string[]
  /** Lines of an alias file for local(8). */
  readonly aliases?: readonly string[]
  /** Where all it has lies; default: a directory that is removed at exit. */
  readonly dir?: string
}

/** A Postfix of our own on a port of 127.0.0.1, with its own configuration, queue and log. */
export interface Postfix {
  readonly dir: string
  readonly port: number
  /** Pid of the master; undefined when Postfix is down. */
  readonly pid: number | undefined
  /** The log so far; its length is a mark for `waitForLog`. */
  log(): string
  /** The first line of the log from offset `from` (default 0) that matches; rejects with the log's end after 45 s. */
  waitForLog(pattern: RegExp, from?: number): Promise<string>
  /** The messages in a mailbox of `mailboxes`, as they lie there: with LF line ends. */
  mail(address: string): Buffer[]
  /** How many messages are in the queue of this name. */
  queued(queue: 'maildrop' | 'incoming' | 'active' | 'deferred'): number
  /** Changes lines of main.cf while Postfix is down: after a reload nobody can tell when its last process has taken them over. */
  configure(settings: Settings): void
  /** On the port it had. Throws with its log when it does not start. */
  start(): void
  stop(): Promise<void>
}

/** For the `skip` of a test: Postfix needs root, since its processes become several accounts. */
export function withoutPostfix(): string | false {
  if (process.getuid?.() !== 0) return 'needs root'
  const complete = existsSync(`${COMMANDS}/postfix`) && existsSync(`${DAEMONS}/master`)
  return complete ? false : 'needs Postfix, which is not installed here'
}

/** Starts Debian's Postfix beside whatever Postfix this machine has. All its processes are gone at exit. */
export async function startPostfix(options: PostfixOptions = {}): Promise<Postfix> {
  for (let tries = 0; tries < PORT_TRIES; tries++) {
    const postfix = prepare(await freePort(), options)
    try {
      postfix.start()
      return postfix
    } catch (error) {
      if (!/Address already in use/.test(String(error))) throw error
    }
  }
  throw new Error(`every one of ${PORT_TRIES} ports was taken before Postfix could listen on it`)
}

function prepare(port: number, options: PostfixOptions): Postfix {
  const dir = options.dir ?? tempDir('postfix')
  const mailboxes = options.mailboxes ?? []
  const inside = (name: string): string => path.join(dir, name)
  makeDirectories(dir)
  const { aliases } = options
  const aliasMap = `hash:${inside('conf/aliases')}`
  let settings = {
    ...mainCf(dir, mailboxes),
    ...(aliases === undefined ? {} : { alias_maps: aliasMap }),
    ...options.settings?.(dir),
  }
  writeSettings(dir, settings)
  writeFileSync(inside('conf/master.cf'), masterCf(port))
  if (aliases !== undefined) {
    writeFileSync(inside('conf/aliases'), `${aliases.join('\n')}\n`)
    run(dir, 'postalias', [aliasMap])
  }

  let running: { readonly pid: number; readonly forget: () => void } | undefined
  const log = (): string => (existsSync(inside('log')) ? readFileSync(inside('log'), 'utf8') : '')

  return {
    dir,
    port,
    get pid() {
      return running?.pid
    },
    log,
    waitForLog: (pattern, from = 0) =>
      until(
        () =>
          log()
            .slice(from)
            .split('\n')
            .find((line) => pattern.test(line)),
        {
          otherwise: () => `no line ${String(pattern)} in the log of Postfix:\n${log().slice(-8000)}`,
        },
      ),
    mail: (address) => filesBelow(inside(`mail/${address}/new`)).map((file) => readFileSync(file)),
    queued: (queue) => filesBelow(inside(`queue/${queue}`)).length,
    configure(changes) {
      if (running !== undefined) throw new Error('Postfix has to be stopped first')
      settings = { ...settings, ...changes }
      writeSettings(dir, settings)
    },
    start() {
      const pid = startMaster(dir, log)
      running = {
        pid,
        forget: atExit(() => {
          killAll(familyOf(pid))
        }),
      }
    },
    async stop() {
      if (running === undefined) return
      const all = familyOf(running.pid)
      // master(8) ends its whole process group with itself.
      process.kill(running.pid, 'SIGTERM')
      await allGone(() => all, STOP_MS).catch(() => {
        killAll(all)
      })
      running.forget()
      running = undefined
    },
  }
}

/**
 * Not asynchronous on purpose: a signal to this process while the master turns into a daemon would leave it behind.
 * Returns the master's pid.
 */
function startMaster(dir: string, log: () => string): number {
  const from = log().length
  try {
    run(dir, 'postfix', ['start'])
  } catch (error) {
    throw new Error(`Postfix did not start: ${String(error)}\n${log().slice(from)}`, { cause: error })
  }
  return Number(readFileSync(path.join(dir, 'queue/pid/master.pid'), 'utf8'))
}

function makeDirectories(dir: string): void {
  // Its processes run as several accounts.
  chmodSync(dir, 0o755)
  for (const name of ['conf', 'data', 'queue', 'mail']) mkdirSync(path.join(dir, name), { recursive: true })
  execFileSync('chown', ['postfix', path.join(dir, 'data')])
  chownSync(path.join(dir, 'mail'), MAILBOX_OWNER, MAILBOX_OWNER)
}

function writeSettings(dir: string, settings: Settings): void {
  const lines = Object.entries(settings).map(([name, value]) => `${name} = ${value}\n`)
  writeFileSync(path.join(dir, 'conf/main.cf'), lines.join(''))
}

/** Runs a command of Postfix; throws with what it said unless it ends with 0. */
function run(dir: string, program: string, args: readonly string[]): void {
  const argv = ['-c', path.join(dir, 'conf'), ...args]
  const { status, stderr, error } = spawnSync(`${COMMANDS}/${program}`, argv, {
    stdio: ['ignore', 'ignore', 'pipe'],
    encoding: 'utf8',
  })
  if (status !== 0) throw new Error(`${program} ${args.join(' ')}: ${error?.message ?? stderr}`)
}

function filesBelow(folder: string): string[] {
  if (!existsSync(folder)) return []
  return readdirSync(folder, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile())
    .map((entry) => path.join(entry.parentPath, entry.name))
    .sort()
}

function killAll(refs: readonly ProcessRef[]): void {
  for (const ref of refs) sendSignal(ref, 'SIGKILL')
}
