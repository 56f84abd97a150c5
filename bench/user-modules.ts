import { chmodSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { bundled, configFile, ldapIni, makeUsersTable, type Argv } from '../test/authent/modules.js'
import { tempDir } from '../test/support/cleanup.js'
import { startPostgres, withoutPostgres } from '../test/support/postgres.js'
import { startSlapd, withoutSlapd } from '../test/support/slapd.js'

/** A bundled module with users `u0`, `u1` and so on. */
export interface BenchModule {
  readonly name: string
  readonly argv: Argv
  stop(): Promise<void>
}

/** Every bundled module whose server is installed, with so many users. */
export async function startModules(users: number): Promise<BenchModule[]> {
  const names = Array.from({ length: users }, (_, n) => `u${n}`)
  const modules = [fileModule(names)]
  const missing = [withoutPostgres(), withoutSlapd()]
  if (missing[0] === false) modules.push(await sqlModule(names))
  if (missing[1] === false) modules.push(await ldapModule(names))
  for (const reason of missing) if (reason !== false) process.stderr.write(`a module ${reason}\n`)
  return modules
}

function fileModule(names: readonly string[]): BenchModule {
  const dir = tempDir('bench')
  writeFileSync(path.join(dir, 'nwauth.txt'), names.map((name) => `${name}:*secret:\n`).join(''))
  chmodSync(dir, 0o755)
  return { name: 'file', argv: bundled('file', '-path', dir), stop: () => Promise.resolve() }
}

async function sqlModule(names: readonly string[]): Promise<BenchModule> {
  const postgres = await startPostgres()
  await makeUsersTable(postgres)
  await postgres.query('INSERT INTO users (username, passwd) SELECT unnest($1::text[]), $2', [names, '*secret'])
  await postgres.query('CREATE UNIQUE INDEX users_name ON users (lower(username))')
  await postgres.query('ANALYZE users')
  return {
    name: 'sql',
    argv: bundled('sql', '-config', configFile(postgres.ini())),
    stop: () => postgres.kill(),
  }
}

async function ldapModule(names: readonly string[]): Promise<BenchModule> {
  const slapd = await startSlapd(names.map((uid) => ({ uid })))
  return { name: 'ldap', argv: bundled('ldap', '-config', configFile(ldapIni(slapd))), stop: () => slapd.kill() }
}
