import path from 'node:path'
import { parseCount } from '../conf/forms.js'
import { decodeText, readRegularFile } from '../conf/read-file.js'

/** How one connection to Redis is made. Plain data. */
export interface RedisAddress {
  readonly host: string
  readonly port: number
  /** A Unix socket, instead of host and port. */
  readonly path?: string
  readonly tls: boolean
  readonly database: number
  readonly username?: string
  readonly password?: string
}

/** config/redis.ini as haraka-plugin-redis understands it: commands go to `server`, messages come from `pubsub`. */
export interface RedisSettings {
  readonly server: RedisAddress
  readonly pubsub: RedisAddress
}

export type ReadRedisSettings =
  { readonly ok: true; readonly settings: RedisSettings } | { readonly ok: false; readonly message: string }

/** Lies in the Haraka directory. */
export const REDIS_INI = 'config/redis.ini'
const MAX_INI_BYTES = 64 * 1024
const DEFAULTS: RedisAddress = { host: '127.0.0.1', port: 6379, tls: false, database: 0 }

/** Reads config/redis.ini of a Haraka directory; without it Redis is on this machine. Never rejects, nor tells a password. */
export async function readRedisSettings(harakaDir: string): Promise<ReadRedisSettings> {
  const content = await readRegularFile(path.join(harakaDir, REDIS_INI), MAX_INI_BYTES)
  if (content.ok) return parseRedisIni(decodeText(content.data))
  if (content.missing) return parseRedisIni('')
  return { ok: false, message: content.message }
}

type Lines = ReadonlyMap<string, string>

/**
 * [opts] is for both connections, and what [server] and [pubsub] say comes before it. `ip` and `db` are the names that older
 * releases had for `host` and `database`.
 */
export function parseRedisIni(text: string): ReadRedisSettings {
  const sections = readSections(text)
  const common = sections.get('opts') ?? new Map<string, string>()
  try {
    const [server, pubsub] = ['server', 'pubsub'].map((section) =>
      readAddress(new Map([...common, ...(sections.get(section) ?? [])]), section),
    )
    return { ok: true, settings: { server: server ?? DEFAULTS, pubsub: pubsub ?? DEFAULTS } }
  } catch (error) {
    if (error instanceof BadValue) return { ok: false, message: error.message }
    throw error
  }
}

/** Where it is, for the log: no account, no password. */
export function addressText({ host, port, path: socket, tls, database }: RedisAddress): string {
  const place = socket ?? `${host.includes(':') ? `[${host}]` : host}:${port}`
  return `${place}${database === 0 ? '' : `/${database}`}${tls ? ' with TLS' : ''}`
}

class BadValue extends Error {}

/** As Haraka reads an ini file: `;` and `#` begin a line that is a comment, and never the end of a value. */
function readSections(text: string): ReadonlyMap<string, Lines> {
  const sections = new Map<string, Map<string, string>>()
  let current = new Map<string, string>()
  for (const line of text.split(/\r\n|\r|\n/)) {
    if (/^\s*(?:[;#]|$)/.test(line)) continue
    const [, section] = /^\s*\[\s*([^\]]*?)\s*\]\s*$/.exec(line) ?? []
    if (section !== undefined) {
      current = sections.get(section) ?? new Map<string, string>()
      sections.set(section, current)
      continue
    }
    const [, key = '', value = ''] = /^\s*([^=]+?)\s*(?:=\s*(.*?)\s*)?$/.exec(line) ?? []
    current.set(key, value)
  }
  return sections
}

function readAddress(lines: Lines, section: string): RedisAddress {
  const url = lines.get('url')
  const base = url === undefined ? DEFAULTS : readUrl(url, section)
  const socket = lines.get('path')
  const username = lines.get('username') ?? base.username
  const password = lines.get('password') ?? base.password
  return {
    host: lines.get('host') ?? lines.get('ip') ?? base.host,
    port: readNumber(lines.get('port'), 65_535, base.port, `[${section}] port`),
    ...(socket === undefined ? {} : { path: socket }),
    tls: readFlag(lines.get('tls'), base.tls, `[${section}] tls`),
    database: readNumber(lines.get('database') ?? lines.get('db'), 65_535, base.database, `[${section}] database`),
    ...(username === undefined ? {} : { username }),
    ...(password === undefined ? {} : { password }),
  }
}

function readUrl(text: string, section: string): RedisAddress {
  const bad = `${REDIS_INI}: [${section}] url is not one like redis://host:port/database`
  // What was written may hold the password.
  if (!URL.canParse(text)) throw new BadValue(bad)
  const { protocol, hostname, port, pathname, username, password } = new URL(text)
  if (protocol !== 'redis:' && protocol !== 'rediss:') throw new BadValue(bad)
  return {
    host: hostname === '' ? DEFAULTS.host : hostname.replace(/^\[(.*)\]$/, '$1'),
    port: port === '' ? DEFAULTS.port : Number(port),
    tls: protocol === 'rediss:',
    database: readNumber(pathname.slice(1) || undefined, 65_535, 0, `[${section}] url's database`),
    ...(username === '' ? {} : { username: decodeURIComponent(username) }),
    ...(password === '' ? {} : { password: decodeURIComponent(password) }),
  }
}

function readNumber(text: string | undefined, max: number, otherwise: number, name: string): number {
  if (text === undefined) return otherwise
  const value = parseCount(text)
  if (value === undefined || value > max) throw new BadValue(`${REDIS_INI}: ${name} is not a number up to ${max}`)
  return value
}

function readFlag(text: string | undefined, otherwise: boolean, name: string): boolean {
  if (text === undefined) return otherwise
  if (/^(?:true|yes|ok|enabled|on|1|)$/i.test(text)) return true
  if (/^(?:false|no|disabled|off|0)$/i.test(text)) return false
  throw new BadValue(`${REDIS_INI}: ${name} is neither true nor false`)
}
