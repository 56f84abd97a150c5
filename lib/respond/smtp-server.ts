import path from 'node:path'
import { decodeText, readRegularFile } from '../conf/read-file.js'
import { parseHostPort } from '../conf/value-domain.js'
import type { HostPort } from '../conf/value.js'

/** Haraka's own, where smtp.ini does not say. */
const DEFAULT_SERVER: HostPort = { host: '127.0.0.1', port: 25 }
const MAX_INI = 64 * 1024
/** TLS from the first byte. */
const SMTPS = 465

/** `127.0.0.1:2525`, `mail.domain1.com`, or a port alone on this machine; undefined for other text. */
export function parseServer(text: string): HostPort | undefined {
  if (/^\d{1,5}$/.test(text)) {
    const port = Number(text)
    return port >= 1 && port <= 65535 ? { ...DEFAULT_SERVER, port } : undefined
  }
  const parsed = parseHostPort(text, { name: '--smtp', mapPath: (file) => ({ ok: true, path: file }) })
  return parsed.ok ? parsed.value : undefined
}

/** Where the Haraka of a directory listens for mail, by its config/smtp.ini; Haraka's default where there is no such file. */
export async function serverOf(harakaDir: string): Promise<HostPort> {
  const content = await readRegularFile(path.join(harakaDir, 'config/smtp.ini'), MAX_INI)
  return content.ok ? listeningServer(decodeText(content.data)) : DEFAULT_SERVER
}

/** The server that a smtp.ini tells of: its first `listen` that is not for TLS alone, on the loopback interface if it is on any. */
export function listeningServer(ini: string): HostPort {
  const main = ini.split(/^\s*\[(?!main\])/m)[0] ?? ''
  const setting = (name: string): string | undefined =>
    Array.from(main.matchAll(new RegExp(`^[ \\t]*${name}[ \\t]*=[ \\t]*(.*?)[ \\t]*$`, 'gm'))).at(-1)?.[1]
  const port = Number(setting('port') ?? DEFAULT_SERVER.port)
  const servers = (setting('listen') ?? '')
    .split(/[\s,;]+/)
    .filter((entry) => entry !== '')
    .flatMap((entry) => readListen(entry, port) ?? [])
    .filter((server) => server.port !== SMTPS)
  return servers.find(({ host }) => host.startsWith('127.')) ?? servers[0] ?? { ...DEFAULT_SERVER, port }
}

function readListen(entry: string, port: number): HostPort | undefined {
  const [, host = '', given] = /^\[?([0-9a-f:.]+?)\]?(?::(\d{1,5}))?$/i.exec(entry) ?? []
  if (host === '') return undefined
  const isAny = /^(?:0\.0\.0\.0|[0:]+)$/.test(host)
  return { host: isAny ? DEFAULT_SERVER.host : host, port: given === undefined ? port : Number(given) }
}
