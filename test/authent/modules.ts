import { chmodSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { tempDir } from '../support/cleanup.js'
import type { Postgres } from '../support/postgres.js'
import { LDAP_ADMIN, LDAP_BASE, type Slapd } from '../support/slapd.js'

export type Argv = readonly [string, ...string[]]

/** argv of one of the bundled modules. */
export function bundled(name: 'file' | 'sql' | 'ldap', ...args: readonly string[]): Argv {
  return [process.execPath, path.join(__dirname, '..', '..', 'authent', `${name}.js`), ...args]
}

/** A configuration file of a module, and those it names, in a directory of its own. */
export function configFile(text: string, files: Readonly<Record<string, string>> = {}): string {
  const dir = tempDir('module')
  for (const [name, content] of Object.entries(files)) writeFileSync(path.join(dir, name), content)
  const file = path.join(dir, 'module.ini')
  writeFileSync(file, text)
  chmodSync(file, 0o600)
  return file
}

/** SQLAuth's table (semantics 5). */
export const SQLAUTH_TABLE = `CREATE TABLE users (
  username varchar(128) PRIMARY KEY, passwd varchar(128), forward varchar(255), quota varchar(20),
  mailmask varchar(64) DEFAULT '0.0.0.0', maildrop varchar(255))`

/** SQLAuth's table in the data base of a server, for the module's own account. */
export async function makeUsersTable(postgres: Postgres): Promise<void> {
  await postgres.query(SQLAUTH_TABLE)
  await postgres.query('ALTER TABLE users OWNER TO dmail')
}

/** The configuration of the ldap module for a server of ours. */
export function ldapIni(
  slapd: Slapd,
  { server = [], search = [] }: { readonly server?: readonly string[]; readonly search?: readonly string[] } = {},
): string {
  return [
    '[server]',
    ...(server.some((line) => line.startsWith('url=')) ? [] : [`url=ldap://127.0.0.1:${slapd.port}`]),
    `bind_dn=${LDAP_ADMIN.dn}`,
    `bind_password=${LDAP_ADMIN.password}`,
    ...server,
    '[search]',
    `base=${LDAP_BASE}`,
    ...search,
    '[fields]',
    'fwd=mail',
    'quota=roomNumber',
    '',
  ].join('\n')
}
