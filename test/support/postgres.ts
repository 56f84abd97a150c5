import { execFileSync } from 'node:child_process'
import { chmodSync, existsSync, readdirSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { Client } from 'pg'
import { CERTIFICATE } from './certificate.js'
import { tempDir } from './cleanup.js'
import { daemon, give, unprivileged, type Daemon } from './daemon.js'
import { freePort } from './ports.js'
import { until } from './wait.js'

const VERSIONS = '/usr/lib/postgresql'
/** Of the account `dmail` of the data base. */
export const POSTGRES_PASSWORD = 'data base secret'

/** A PostgreSQL of our own, with a data base `mail` that the account `dmail` owns. */
export interface Postgres extends Daemon {
  readonly port: number
  /** The certificate of the server, which is good for `localhost`. */
  readonly ca: string
  /** Runs statements as the owner; gives the rows of the last one. */
  query(text: string, values?: readonly unknown[]): Promise<Record<string, unknown>[]>
  /** `sql.ini` of the bundled module, `[server]` part. */
  ini(more?: readonly string[]): string
}

/** For the `skip` of a test. */
export function withoutPostgres(): string | false {
  return programs() === undefined ? 'needs PostgreSQL, which is not installed here' : false
}

function programs(): string | undefined {
  if (!existsSync(VERSIONS)) return undefined
  return readdirSync(VERSIONS)
    .sort((a, b) => Number(b) - Number(a))
    .map((version) => path.join(VERSIONS, version, 'bin'))
    .find((bin) => ['initdb', 'postgres'].every((program) => existsSync(path.join(bin, program))))
}

/** Starts a server on a free port of 127.0.0.1; all it has is removed at exit. */
export async function startPostgres(): Promise<Postgres> {
  const bin = programs()
  if (bin === undefined) throw new Error('PostgreSQL is not installed')
  const dir = tempDir('postgres')
  const account = unprivileged('postgres', 'nobody')
  give(dir, account)
  const data = path.join(dir, 'data')
  const as = { ...account, cwd: dir, stdio: 'pipe' as const }
  execFileSync(path.join(bin, 'initdb'), ['-D', data, '-U', 'admin', '-A', 'trust', '-E', 'UTF8', '--no-sync'], as)
  writeFileSync(path.join(data, 'server.crt'), CERTIFICATE.cert)
  writeFileSync(path.join(data, 'server.key'), CERTIFICATE.key)
  for (const file of ['server.crt', 'server.key']) {
    give(path.join(data, file), account)
    chmodSync(path.join(data, file), 0o600)
  }
  writeFileSync(
    path.join(data, 'pg_hba.conf'),
    ['host all admin 127.0.0.1/32 trust', 'host all all 127.0.0.1/32 scram-sha-256', ''].join('\n'),
  )
  const port = await freePort()
  const settings = { port, listen_addresses: '127.0.0.1', unix_socket_directories: '', ssl: 'on', fsync: 'off' }
  const server = daemon({
    name: 'postgres',
    argv: [
      path.join(bin, 'postgres'),
      '-D',
      data,
      ...Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]),
    ],
    dir,
    port,
    account,
  })

  async function run(
    database: string,
    text: string,
    values: readonly unknown[] = [],
  ): Promise<Record<string, unknown>[]> {
    const client = new Client({ host: '127.0.0.1', port, user: 'admin', database })
    await client.connect()
    try {
      const { rows } = await client.query<Record<string, unknown>>(text, [...values])
      return rows
    } finally {
      await client.end()
    }
  }

  /** It listens before it lets anybody in: after a crash it has to recover first. */
  async function ready(): Promise<void> {
    let inside = false
    const knock = (): void => {
      run('postgres', 'SELECT 1').then(
        () => {
          inside = true
        },
        () => {
          setTimeout(knock, 50).unref()
        },
      )
    }
    knock()
    await until(() => inside, { timeoutMs: 30_000, otherwise: () => `PostgreSQL lets nobody in:\n${server.log()}` })
  }

  const postgres: Postgres = {
    ...server,
    port,
    ca: CERTIFICATE.cert,
    async start() {
      await server.start()
      await ready()
    },
    query: (text, values) => run('mail', text, values),
    ini: (more = []) =>
      [
        '[server]',
        'host=127.0.0.1',
        `port=${port}`,
        'database=mail',
        'user=dmail',
        `password=${POSTGRES_PASSWORD}`,
        ...more,
        '',
      ].join('\n'),
  }
  await postgres.start()
  await run('postgres', `CREATE ROLE dmail LOGIN PASSWORD '${POSTGRES_PASSWORD}'`)
  await run('postgres', 'CREATE DATABASE mail OWNER dmail')
  return postgres
}
