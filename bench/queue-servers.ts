import { spawn } from 'node:child_process'
import { setTimeout as sleep } from 'node:timers/promises'
import { ServerUnreachable, callServer } from '../lib/control/client.js'
import { atExit, tempDir } from '../test/support/cleanup.js'
import { harakaEnvironment, harakaProgram, makeHarakaDir, writeSmtpIni } from '../test/support/haraka-dir.js'
import { freePort } from '../test/support/ports.js'
import { runLoad } from './load.js'
import { FEW_DOMAIN } from './queue-files.js'
import { familyOf } from './usage.js'

/** A Haraka 3.3 that is not running yet, so that its queue can be written first. */
export interface QueueServer {
  readonly name: string
  readonly dir: string
  readonly port: number
  /** Whose mail it takes. */
  readonly domain: string
  start(): RunningServer
}

export interface RunningServer {
  /** The master's; its workers are below it. */
  readonly pid: number
  /** Resolves when a client has the answer to its first message. */
  takesMail(): Promise<void>
  /** Resolves when every file of the queue has its timer, and for the suite its domain. */
  knowsQueue(): Promise<void>
  stop(): Promise<void>
}

const DOMAIN = 'domain1.com'
const MINUTES = 10 * 60_000

/** Haraka alone: it throws new mail away, and keeps its queue as it always does. */
export async function plainServer(): Promise<QueueServer> {
  const options = {
    version: '3.3',
    plugins: ['accept_all', 'queue/discard'],
    // Only there does it tell of its queue.
    config: { 'log.ini': '[main]\nlevel=info\n' },
    files: { 'plugins/accept_all.js': 'exports.hook_rcpt = (next) => { next(OK) }\n' },
    env: { YES_REALLY_DO_DISCARD: '1' },
  } as const
  const dir = await makeHarakaDir(options)
  const port = await freePort()
  writeSmtpIni(dir, port, options)
  const knows = async (log: () => string): Promise<void> => {
    while (!log().includes('files in my temp fail queue')) await sleep(20)
  }
  return { name: 'plain Haraka', dir, port, domain: DOMAIN, start: () => run(dir, port, options.env, knows) }
}

/** What a suite has beside the usual. */
export interface QueueSuiteMore {
  readonly name?: string
  /** Whose mail goes to the port. */
  readonly domain?: string
  /** Sections of dmail.ini. */
  readonly ini?: string
  readonly redisIni?: string
}

/** The suite with mailboxes for new mail; mail for the domain with few messages, or another, goes to a port. */
export async function suiteServer(gateway: number, queued: number, more: QueueSuiteMore = {}): Promise<QueueServer> {
  const { name = 'suite', domain = FEW_DOMAIN, ini = '', redisIni } = more
  const site = tempDir('queue-bench')
  const options = {
    version: '3.3',
    plugins: ['dmail'],
    config: {
      'log.ini': '[main]\nlevel=notice\n',
      'dmail.conf': [
        `host_domain ${DOMAIN}`,
        `sysadmin u0@${DOMAIN}`,
        `drop_path ${site}`,
        'authent_method external',
        'authent_process node_modules/haraka-plugin-dmail/dist/authent/file.js -path config/users.txt',
        `gateway ${domain} 127.0.0.1:${gateway}`,
        '',
      ].join('\n'),
      'dmail.ini': `[etrn]\nrate=off\n${ini}`,
      ...(redisIni === undefined ? {} : { 'redis.ini': redisIni }),
    },
    files: { 'config/users.txt': Array.from({ length: 100 }, (_, n) => `u${n}:*x:\n`).join('') },
  } as const
  const dir = await makeHarakaDir(options)
  const port = await freePort()
  writeSmtpIni(dir, port, options)
  const knows = async (): Promise<void> => {
    // A status looks at every entry, so it is not asked for all the time.
    while (!(await isComplete(dir, queued))) await sleep(500)
  }
  return { name, dir, port, domain: DOMAIN, start: () => run(dir, port, {}, knows) }
}

async function isComplete(dir: string, queued: number): Promise<boolean> {
  try {
    const { complete, missing, queue } = await callServer(dir, 'status', {})
    return complete && missing === 0 && queue.count >= queued
  } catch (error) {
    // While it starts there is no socket.
    if (error instanceof ServerUnreachable) return false
    throw error
  }
}

function run(
  dir: string,
  port: number,
  env: Readonly<Record<string, string>>,
  knows: (log: () => string) => Promise<void>,
): RunningServer {
  let log = ''
  const child = spawn(process.execPath, [harakaProgram('3.3'), '-c', dir], {
    cwd: dir,
    env: harakaEnvironment(env),
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const { pid } = child
  if (pid === undefined) throw new Error('Haraka does not start')
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    log += text
  })
  const ended = new Promise<void>((resolve) => {
    child.once('exit', () => {
      resolve()
    })
  })
  const early = ended.then(() => {
    throw new Error(`Haraka ended:\n${log.slice(-2000)}`)
  })
  early.catch(() => undefined)
  const kill = (): void => {
    for (const one of familyOf(pid)) process.kill(one, 'SIGKILL')
  }
  const forget = atExit(kill)
  const inTime = async (work: Promise<void>): Promise<void> => {
    const limit = sleep(MINUTES, undefined, { ref: false }).then(() => {
      throw new Error(`not in ${MINUTES} ms:\n${log.slice(-2000)}`)
    })
    await Promise.race([work, early, limit])
  }
  return {
    pid,
    takesMail: () => inTime(firstMessage(port)),
    knowsQueue: () => inTime(knows(() => log)),
    async stop() {
      process.kill(pid, 'SIGINT')
      const late = setTimeout(kill, 60_000)
      await ended
      clearTimeout(late)
      forget()
    },
  }
}

async function firstMessage(port: number): Promise<void> {
  const load = { port, clients: 1, messages: 1, kept: false, bytes: 1000, prefix: 'first' }
  for (;;) {
    try {
      const { refused } = await runLoad({ ...load, recipient: () => `u0@${DOMAIN}` })
      // 451 until its configuration is loaded.
      if (refused === 0) return
    } catch {
      // Nobody listens yet, or it does not know what to do with a connection; inTime() ends this.
    }
    await sleep(20)
  }
}
