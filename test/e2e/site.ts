import { chmodSync, mkdirSync, readdirSync } from 'node:fs'
import path from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { callServer } from '../../lib/control/client.js'
import { SOCKET_FILE } from '../../lib/control/protocol.js'
import { tempDir } from '../support/cleanup.js'
import { writeInto } from '../support/haraka-dir.js'
import { startHaraka, type Haraka, type HarakaOptions, type HarakaVersion } from '../support/haraka.js'
import { readQuietMbox, type MboxMessage } from '../support/mbox.js'
import { connect, type Reply, type SmtpClient } from '../support/smtp.js'
import { PATIENCE_MS } from '../support/wait.js'

/** A client that forward_from_ip of `siteConf` lets relay; any other loopback address is a stranger. */
export const RELAYING = '127.0.0.2'

/** What lies outside of Haraka's own directory: drop files, alias files, user files, robots. */
export interface Site {
  readonly dir: string
  /** Full path of a file of the site. */
  path(relativePath: string): string
  /** Writes a file, with mode 0644: a forward file that its group can write is not trusted (R13). */
  write(relativePath: string, content: string): void
  /** The messages of a drop file, by its path below `in/`. */
  mail(dropFile: string): MboxMessage[]
  /** Every file below `in/` and `files/`, sorted, relative to the site. */
  files(): string[]
  /** The drop files and files that hold a message with this Subject, once for each copy, sorted. */
  holding(subject: string): string[]
}

/** A fresh site with `in/` for drop files, `in/shop/` for those of a virtual domain, and `files/`. */
export function makeSite(): Site {
  const dir = tempDir('site')
  // Robots run as another account when the tests run as root.
  chmodSync(dir, 0o755)
  for (const folder of ['in/shop', 'files']) mkdirSync(path.join(dir, folder), { recursive: true })
  const inside = (relativePath: string): string => path.join(dir, relativePath)
  function files(): string[] {
    return ['in', 'files'].flatMap((folder) => filesBelow(dir, folder)).sort()
  }
  return {
    dir,
    path: inside,
    write: (relativePath, content) => {
      writeInto(dir, relativePath, content)
      chmodSync(inside(relativePath), 0o644)
    },
    mail: (dropFile) => readQuietMbox(inside(path.join('in', dropFile))),
    files,
    holding: (subject) =>
      files()
        // Locks lie beside their files, while they are made and removed as `.lk-*`.
        .filter((file) => !/\.(?:fwd|lock)$|(?:^|\/)\.lk-/.test(file))
        .flatMap((file) => readQuietMbox(inside(file)).map((message) => ({ file, message })))
        .filter(({ message }) => message.header('Subject') === subject)
        .map(({ file }) => file),
  }
}

function filesBelow(dir: string, folder: string): string[] {
  return readdirSync(path.join(dir, folder), { withFileTypes: true }).flatMap((entry) => {
    const name = path.join(folder, entry.name)
    return entry.isDirectory() ? filesBelow(dir, name) : [name]
  })
}

/** dmail.conf of a site whose users stand in `users.txt`, read by the bundled module; `lines` are added. */
export function siteConf(site: Site, lines: readonly string[] = []): string {
  const module = 'node_modules/haraka-plugin-dmail/dist/authent/file.js'
  return confOf(site, [
    'authent_method external',
    `authent_process ${module} -path ${site.path('users.txt')}`,
    `forward_from_ip ${RELAYING}`,
    ...lines,
  ])
}

/** dmail.conf with the settings every site needs, without a way to look up users and without a relay rule. */
export function confOf(site: Site, lines: readonly string[]): string {
  return [
    'host_domain domain1.com',
    'sysadmin bob@domain1.com',
    `drop_path ${site.path('in')}`,
    `dsmtp_path ${site.dir}`,
    `work_path ${site.dir}`,
    ...lines,
    '',
  ].join('\n')
}

/** Lines of a `users.txt`: names, or `name fwd="..."`. */
export function users(...entries: readonly string[]): string {
  return entries.map((entry) => `${entry.replace(/^(\S+) ?/, '$1:*secret:')}\n`).join('')
}

/** dmail.ini for tests: changes are seen soon, and robots have an account to run as (D8). */
export function siteIni(more = ''): string {
  const robotUser = process.getuid?.() === 0 ? '[robot]\nuser=nobody\n' : ''
  return `[main]\nreload_check=1s\n${robotUser}${more}`
}

/** Haraka with the line `dmail` on a site. */
export function siteOptions(
  version: HarakaVersion,
  dmailConf: string,
  more: Partial<HarakaOptions> = {},
): HarakaOptions {
  return {
    version,
    plugins: ['dmail'],
    ...more,
    config: { 'dmail.conf': dmailConf, 'dmail.ini': siteIni(), ...more.config },
  }
}

export async function startSite(
  version: HarakaVersion,
  dmailConf: string,
  more: Partial<HarakaOptions> = {},
): Promise<Haraka> {
  const haraka = await startHaraka(siteOptions(version, dmailConf, more))
  // A Haraka of one process listens before it runs its hooks.
  if (more.nodes === 0) await haraka.waitFor(() => haraka.exists(SOCKET_FILE))
  return haraka
}

/** Has every process read its configuration anew, as `dmail reload` does; whether what they found is in force. */
export async function reload(haraka: Haraka): Promise<boolean> {
  const end = performance.now() + PATIENCE_MS
  for (;;) {
    const { reloaded, error, missing } = await callServer(haraka.dir, 'reload', {})
    if (missing === 0) return reloaded
    // One that has just been started is heard of soon.
    if (performance.now() > end) throw new Error(`${missing} workers do not answer; ${error}`)
    await pause(50)
  }
}

/** Resolves when nothing waits in Haraka's queue: all that was accepted has come to its end. */
export async function queueIsEmpty(haraka: Haraka): Promise<void> {
  await haraka.waitFor(() => haraka.queueFiles().length === 0, { watch: 'queue' })
}

/** `250 2.1.5`, for comparing. */
export function codes({ code, enhanced }: Reply): string {
  return enhanced === undefined ? String(code) : `${code} ${enhanced}`
}

/** A short message that `Site.holding` finds. */
export function note(subject: string, body = 'At noon?\n'): string {
  return `From: fred@example.com\nTo: bob@domain1.com\nSubject: ${subject}\n\n${body}`
}

/** A session past EHLO, closed when `use` is done. */
export async function session<T>(
  port: number,
  options: { readonly localAddress?: string },
  use: (client: SmtpClient) => Promise<T>,
): Promise<T> {
  const client = await connect(port, options)
  try {
    await client.ehlo()
    return await use(client)
  } finally {
    client.close()
  }
}
