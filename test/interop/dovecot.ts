import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, closeSync, existsSync, openSync, readFileSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import path from 'node:path'
import { atExit, tempDir } from '../support/cleanup.js'
import { freePort } from '../support/ports.js'
import { allGone, familyOf, sendSignal, type ProcessRef } from '../support/processes.js'
import { until } from '../support/wait.js'

/** Debian's daemon lies in sbin, which is not in everybody's PATH. */
const PROGRAM = ['/usr/sbin/dovecot', '/usr/local/sbin/dovecot'].find((file) => existsSync(file))
const START_MS = 30_000
const STOP_MS = 15_000
const PORT_TRIES = 5

/** A running Dovecot that serves drop files. Any password is right. */
export interface Dovecot {
  readonly pop3: number
  readonly imap: number
  log(): string
  stop(): Promise<void>
}

/** For the `skip` of a test: Dovecot needs root, since it becomes the user whose mail it reads. */
export function withoutDovecot(): string | false {
  if (process.getuid?.() !== 0) return 'needs root'
  const complete = ['/usr/lib/dovecot', '/usr/libexec/dovecot'].some((folder) =>
    ['imap', 'pop3'].every((server) => existsSync(path.join(folder, server))),
  )
  return PROGRAM !== undefined && complete ? false : 'needs Dovecot with IMAP and POP3, which is not installed here'
}

/** The settings of docs/queue.md, with which Dovecot may read drop files that the suite writes. */
export const DROP_FILE_SETTINGS = [
  'mail_privileged_group = mail',
  'mbox_read_locks = dotlock',
  'mbox_write_locks = dotlock',
]

/**
 * Starts Dovecot for the accounts of this system, whose drop files are `<dropDir>/<name>`. It listens on free ports of
 * 127.0.0.1 and keeps all it has in a directory of its own.
 */
export async function startDovecot(dropDir: string): Promise<Dovecot> {
  for (let tries = 0; tries < PORT_TRIES; tries++) {
    const dovecot = await tryStart(dropDir, { pop3: await freePort(), imap: await freePort() })
    if (dovecot !== undefined) return dovecot
  }
  throw new Error(`every one of ${PORT_TRIES} pairs of ports was taken before Dovecot could listen on it`)
}

type Ports = Pick<Dovecot, 'pop3' | 'imap'>

async function tryStart(dropDir: string, ports: Ports): Promise<Dovecot | undefined> {
  const dir = tempDir('dovecot')
  // Its processes run as several accounts.
  chmodSync(dir, 0o755)
  const logFile = path.join(dir, 'log')
  const log = (): string => (existsSync(logFile) ? readFileSync(logFile, 'utf8') : '')
  writeFileSync(path.join(dir, 'dovecot.conf'), configuration(dir, dropDir, ports))
  if (PROGRAM === undefined) throw new Error('Dovecot is not installed')
  const complaintsFile = path.join(dir, 'stderr')
  const complaints = openSync(complaintsFile, 'w')
  const child = spawn(PROGRAM, ['-F', '-c', path.join(dir, 'dovecot.conf')], {
    stdio: ['ignore', 'ignore', complaints],
  })
  closeSync(complaints)
  // A test that fails before its stop() must still come to its end, where Dovecot is killed.
  child.unref()
  const { pid } = child
  if (pid === undefined) throw new Error('Dovecot cannot be started')
  const ended = once(child, 'exit')
  const seen = new Map<number, ProcessRef>()
  const processes = (): ProcessRef[] => {
    for (const ref of familyOf(pid)) seen.set(ref.pid, ref)
    return [...seen.values()]
  }
  const forget = atExit(() => {
    for (const ref of processes()) sendSignal(ref, 'SIGKILL')
  })
  const stop = async (): Promise<void> => {
    const all = processes()
    // Not asked to end: a session that waits for a lock may take minutes, and its mail is of no use to anybody any more.
    for (const ref of all) sendSignal(ref, 'SIGKILL')
    await allGone(() => all, STOP_MS)
    forget()
  }
  const state = await Promise.race([
    listening(ports.imap).then(() => 'ready' as const),
    ended.then(() => 'ended' as const),
  ])
  if (state === 'ready') {
    await listening(ports.pop3)
    return { ...ports, log, stop }
  }
  forget()
  const said = readFileSync(complaintsFile, 'utf8') + log()
  if (/Address already in use/.test(said)) return undefined
  throw new Error(`Dovecot did not start:\n${said}`)
}

/** Resolves when a greeting comes: the port alone is open before anybody answers. */
async function listening(port: number): Promise<void> {
  let greeted = false
  const attempt = (): void => {
    const socket = connect(port, '127.0.0.1')
    socket.once('data', () => {
      greeted = true
      socket.destroy()
    })
    socket.once('error', () => {
      setTimeout(() => {
        if (!greeted) attempt()
      }, 100).unref()
    })
  }
  attempt()
  await until(() => greeted, { timeoutMs: START_MS, otherwise: () => `nobody answers on port ${port}` })
}

function configuration(dir: string, dropDir: string, { pop3, imap }: Ports): string {
  const listener = (protocol: string, port: number): string[] => [
    `service ${protocol}-login {`,
    `  inet_listener ${protocol} {`,
    `    port = ${port}`,
    '  }',
    `  inet_listener ${protocol}s {`,
    '    port = 0',
    '  }',
    '}',
  ]
  return [
    `base_dir = ${dir}/run`,
    `state_dir = ${dir}/state`,
    `log_path = ${dir}/log`,
    'protocols = imap pop3',
    'listen = 127.0.0.1',
    'ssl = no',
    'disable_plaintext_auth = no',
    `mail_location = mbox:~/mail:INBOX=${dropDir}/%n`,
    ...DROP_FILE_SETTINGS,
    'passdb {',
    '  driver = static',
    '  args = nopassword=y',
    '}',
    'userdb {',
    '  driver = passwd',
    '}',
    ...listener('imap', imap),
    ...listener('pop3', pop3),
    '',
  ].join('\n')
}
