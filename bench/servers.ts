import { chmodSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { tempDir } from '../test/support/cleanup.js'
import { startHaraka, type Haraka, type HarakaOptions } from '../test/support/haraka.js'
import { aliasLines, USERS } from './cases.js'
import { familyOf } from './usage.js'

/** A server under load. */
export interface BenchServer {
  readonly name: string
  readonly port: number
  readonly domain: string
  /** Where mail arrives; undefined where it is thrown away. */
  readonly mail: string | undefined
  /** True when a mailbox has the message before the client has its 250: the load's own time is the whole time then. */
  readonly acknowledgesWhenStored: boolean
  /** Processes that work for it now. */
  processes(): number[]
  /** Bytes of the log so far, as a progress mark when something goes wrong. */
  readonly log: () => string
  stop(): Promise<void>
}

const DOMAIN = 'domain1.com'
const BIG =
  '[main]\n[haproxy]\nhosts[] =\n[headers]\nshow_version=false\n[max]\nbytes=104857600\nmime_parts=1000\nline_length=512\ndata_line_length=992\n[message]\n[uuid]\n'
/** As docs/queue.md advises (What Haraka itself costs). */
const LEAN = { 'log.ini': '[main]\nlevel=notice\n', 'connection.ini': BIG, 'results.ini': '' }

/** As Postfix in `bench:peers` it logs nothing of a message; its start is seen by what it logs. */
async function startQuietly(options: HarakaOptions): Promise<Haraka> {
  const haraka = await startHaraka(options)
  const from = haraka.log.length
  haraka.write('config/log.ini', '[main]\nlevel=warn\n')
  // The master and its worker.
  await haraka.waitFor(() => haraka.log.slice(from).match(/loglevel: WARN/g)?.length === 2)
  return haraka
}

/** The ceiling: Haraka that accepts every recipient and throws the message away. */
export async function startDiscard(): Promise<BenchServer> {
  const haraka = await startQuietly({
    version: '3.3',
    plugins: ['accept_all', 'queue/discard'],
    config: LEAN,
    files: { 'plugins/accept_all.js': 'exports.hook_rcpt = (next) => { next(OK) }\n' },
    env: { YES_REALLY_DO_DISCARD: '1' },
  })
  return {
    name: 'discard',
    port: haraka.port,
    domain: DOMAIN,
    mail: undefined,
    acknowledgesWhenStored: true,
    processes: () => familyOf(haraka.pid),
    log: () => haraka.log,
    stop: () => haraka.stop(),
  }
}

/** What a suite has beside the usual. */
export interface SuiteMore {
  readonly name?: string
  /** Lines of dmail.conf. */
  readonly conf?: readonly string[]
  /** Sections of dmail.ini. */
  readonly ini?: string
  readonly redisIni?: string
}

/** The suite with everything on: fsync, locks, an external user module. */
export function startSuite(more: SuiteMore = {}): Promise<BenchServer> {
  const site = makeSite(tempDir('bench'))
  const users = Array.from({ length: USERS }, (_, n) => [`u${n}:*x:`, `f${n}:*x:`]).flat()
  for (let n = 0; n < USERS; n++) {
    writeFileSync(path.join(site.mail, `f${n}.fwd`), `u${n}\n`, { mode: 0o600 })
  }
  const module = 'node_modules/haraka-plugin-dmail/dist/authent/file.js'
  const lines = ['authent_method external', `authent_process ${module} -path config/users.txt`]
  return startSuiteWith(site, lines, { 'config/users.txt': `${users.join('\n')}\n` }, more)
}

/** The same with system accounts and their `.forward` files, as root. */
export function startUnixSuite(dir: string): Promise<BenchServer> {
  return startSuiteWith(makeSite(dir), ['authent_method unix_user'], {})
}

/** The suite with a user module of these lines; the users are `u0` and so on. */
export async function startSuiteAsking(name: string, lines: readonly string[]): Promise<BenchServer> {
  return await startSuiteWith(makeSite(tempDir('bench')), ['authent_method external', ...lines], {}, { name })
}

interface Site {
  readonly dir: string
  readonly mail: string
  readonly robot: string
}

function makeSite(dir: string): Site {
  chmodSync(dir, 0o755)
  const mail = path.join(dir, 'mail')
  const robots = path.join(dir, 'robots')
  const robot = path.join(dir, 'robot.sh')
  mkdirSync(mail)
  mkdirSync(robots)
  chmodSync(robots, 0o777)
  writeFileSync(robot, `#!/bin/sh\nexec cat > ${robots}/$$.eml\n`)
  chmodSync(robot, 0o755)
  return { dir, mail, robot }
}

async function startSuiteWith(
  { dir, mail, robot }: Site,
  lines: readonly string[],
  files: Record<string, string>,
  { name = 'suite', conf = [], ini = '', redisIni }: SuiteMore = {},
): Promise<BenchServer> {
  const haraka = await startQuietly({
    version: '3.3',
    plugins: ['dmail'],
    config: {
      ...LEAN,
      'dmail.conf': [
        `host_domain ${DOMAIN}`,
        `sysadmin u0@${DOMAIN}`,
        `drop_path ${mail}`,
        'alias_file_domain * config/aliases.txt',
        ...lines,
        ...conf,
        '',
      ].join('\n'),
      'dmail.ini': `[robot]\nmax=8\nper_program=8\n${process.getuid?.() === 0 ? 'user=nobody\n' : ''}${ini}`,
      ...(redisIni === undefined ? {} : { 'redis.ini': redisIni }),
    },
    files: { ...files, 'config/aliases.txt': `${aliasLines(`|${robot}`).join('\n')}\n` },
  })
  return {
    name,
    port: haraka.port,
    domain: DOMAIN,
    mail: dir,
    acknowledgesWhenStored: true,
    processes: () => familyOf(haraka.pid),
    log: () => haraka.log,
    stop: () => haraka.stop(),
  }
}

/** Removes what arrived, so that the next case begins with empty mailboxes; forward files stay. */
export function emptyMail({ mail }: BenchServer): void {
  if (mail === undefined) return
  for (const entry of readdirSync(mail, { withFileTypes: true, recursive: true })) {
    if (entry.isFile() && /^(?:[uf]\d+|\d+\.eml)$/.test(entry.name)) rmSync(path.join(entry.parentPath, entry.name))
  }
}
