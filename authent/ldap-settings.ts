import { isIP } from 'node:net'
import type { ConnectionOptions } from 'node:tls'
import { ConfigError, type Config } from './config.js'

export interface LdapSettings {
  readonly url: string
  readonly startTls: boolean
  readonly tls: ConnectionOptions
  /** '' binds as nobody. */
  readonly bindDn: string
  readonly bindPassword: string
  readonly connectTimeoutMs: number
  readonly timeoutMs: number
  readonly base: string
  readonly scope: (typeof SCOPES)[number]
  /** With `%s`, `%u`, `%d` (see ldap-filter.ts). */
  readonly filter: string
  /** The attribute with the name that decides the drop file. */
  readonly nameAttribute: string
  /** The attribute with the full path of the drop file; '' for none. */
  readonly dropAttribute: string
  /** Field label -> attribute. */
  readonly fields: ReadonlyMap<string, string>
  /** Passwords cross a network that others may listen on. */
  readonly inClear: boolean
}

const SCOPES = ['sub', 'one', 'base'] as const

/** Reads the configuration of the ldap module. Throws ConfigError. */
export function readLdapSettings(config: Config): LdapSettings {
  const url = config.text('server', 'url', 'ldap://127.0.0.1')
  const { secure, host } = readUrl(url)
  const startTls = config.flag('server', 'starttls', false)
  if (secure && startTls) throw new ConfigError('starttls is for ldap://, ldaps:// has TLS from the start')
  const ca = config.file('server', 'tls_ca')
  const verify = config.flag('server', 'tls_verify', true)
  const filter = config.text('search', 'filter', '(uid=%s)')
  if (!/%[su]/.test(filter)) throw new ConfigError('the filter has neither %s nor %u: it would find everybody')
  const settings: LdapSettings = {
    url,
    startTls,
    tls: {
      host,
      rejectUnauthorized: verify,
      ...(isIP(host) === 0 ? { servername: host } : {}),
      ...(ca === undefined ? {} : { ca }),
    },
    bindDn: config.text('server', 'bind_dn', ''),
    bindPassword: config.secret('server', 'bind_password'),
    connectTimeoutMs: config.duration('server', 'connect_timeout', 3_000),
    timeoutMs: config.duration('server', 'timeout', 5_000),
    base: config.required('search', 'base'),
    scope: config.choice('search', 'scope', SCOPES, 'sub'),
    filter,
    nameAttribute: config.text('search', 'name', 'uid'),
    dropAttribute: config.text('search', 'drop', ''),
    fields: config.section('fields') ?? new Map(),
    inClear: !secure && !startTls && !/^(?:localhost$|127\.|::1$)/.test(host),
  }
  config.finish()
  // LDAP takes that for a bind as nobody, which always succeeds.
  if (settings.bindDn !== '' && settings.bindPassword === '') throw new ConfigError('bind_dn needs a bind_password')
  return settings
}

function readUrl(url: string): { readonly secure: boolean; readonly host: string } {
  const parsed = URL.canParse(url) ? new URL(url) : undefined
  if (parsed?.protocol !== 'ldap:' && parsed?.protocol !== 'ldaps:') {
    throw new ConfigError(`${url} is not of the form ldap://host:port or ldaps://host:port`)
  }
  return { secure: parsed.protocol === 'ldaps:', host: parsed.hostname.replace(/^\[(.*)\]$/, '$1') || 'localhost' }
}
