import type { PoolConfig } from 'pg'
import type { Config } from './config.js'
import type { SqlSchema } from './sql-statements.js'

export interface SqlSettings {
  readonly pool: PoolConfig & { readonly max: number }
  readonly schema: SqlSchema
  /** The column holds clear text without a mark. */
  readonly clearPasswords: boolean
  readonly readonly: boolean
}

/** SQLAuth's own columns (semantics 5). */
const FIELDS: ReadonlyMap<string, string> = new Map([
  ['fwd', 'forward'],
  ['quota', 'quota'],
  ['mailmask', 'mailmask'],
])

/** Reads the configuration of the sql module. Throws ConfigError. */
export function readSqlSettings(config: Config): SqlSettings {
  const host = config.text('server', 'host', '127.0.0.1')
  const pool = {
    host,
    port: config.count('server', 'port', 5432),
    database: config.required('server', 'database'),
    user: config.required('server', 'user'),
    password: config.secret('server', 'password'),
    ssl: tlsOf(config, host),
    application_name: 'haraka-plugin-dmail',
    max: Math.max(1, config.count('server', 'connections', 2)),
    // Together less than authent_timeout: -DEAD is better than a module that is killed for being late.
    connectionTimeoutMillis: config.duration('server', 'connect_timeout', 3_000),
    query_timeout: config.duration('server', 'timeout', 5_000),
    keepAlive: true,
  }
  const schema = {
    table: config.text('table', 'name', 'users'),
    username: config.text('table', 'username', 'username'),
    passwd: config.text('table', 'passwd', 'passwd'),
    maildrop: config.text('table', 'maildrop', 'maildrop'),
    fields: config.section('fields') ?? FIELDS,
    caseSensitive: config.flag('table', 'case_sensitive', false),
  }
  const clearPasswords = config.flag('table', 'clear_passwords', false)
  const readonly = config.flag('table', 'readonly', false)
  config.finish()
  return { pool, schema, clearPasswords, readonly }
}

function tlsOf(config: Config, host: string): PoolConfig['ssl'] {
  // A socket of this machine (a path) or its loopback needs no TLS; anything else does unless told otherwise.
  const near = host.startsWith('/') || /^(?:localhost|127\.|::1$)/.test(host)
  const tls = config.choice('server', 'tls', ['off', 'require', 'verify'], near ? 'off' : 'verify')
  const ca = config.file('server', 'tls_ca')
  if (tls === 'off') return false
  return { host, rejectUnauthorized: tls === 'verify', ...(ca === undefined ? {} : { ca }) }
}
