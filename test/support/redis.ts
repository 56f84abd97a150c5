import { execFileSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import path from 'node:path'
import { connectRedis, type RedisConnection } from '../../lib/cluster/connection.js'
import type { RedisAddress } from '../../lib/cluster/settings.js'
import { tempDir } from './cleanup.js'
import { daemon, give, unprivileged, type Daemon } from './daemon.js'
import { freePort } from './ports.js'

const SERVER = '/usr/bin/redis-server'

/** A Redis of our own, with nothing in it. */
export interface TestRedis extends Daemon {
  readonly port: number
  readonly address: RedisAddress
  /** config/redis.ini of a Haraka that uses it. */
  readonly ini: string
  /** Has the server carry out one command, apart from what is tested. */
  command(...words: readonly string[]): string
}

/** For the `skip` of a test. */
export function withoutRedis(): string | false {
  return existsSync(SERVER) ? false : 'needs redis-server, which is not installed here'
}

export interface RedisOptions {
  /** A free one if it is not said. */
  readonly port?: number
  /** Whether it knows after a crash what it knew before. */
  readonly persistent?: boolean
  /** Further options of redis-server. */
  readonly args?: readonly string[]
}

/** Starts a server on a free port of 127.0.0.1; all it has is removed at exit. */
export async function startRedis({ persistent = false, args = [], ...options }: RedisOptions = {}): Promise<TestRedis> {
  const dir = tempDir('redis')
  const account = unprivileged('redis', 'nobody')
  give(dir, account)
  const port = options.port ?? (await freePort())
  const durable = persistent ? ['--appendonly', 'yes', '--appendfsync', 'always'] : ['--appendonly', 'no']
  const server = daemon({
    name: 'redis',
    argv: [SERVER, '--port', String(port), '--bind', '127.0.0.1', '--dir', dir, '--save', '', ...durable, ...args],
    dir,
    port,
    account,
  })
  await server.start()
  return {
    ...server,
    port,
    address: { host: '127.0.0.1', port, tls: false, database: 0 },
    ini: `[server]\nport=${port}\n[pubsub]\nport=${port}\n`,
    command: (...words) =>
      execFileSync(path.join(path.dirname(SERVER), 'redis-cli'), ['-p', String(port), ...words], {
        encoding: 'utf8',
      }).trim(),
  }
}

/** A connection of a test, which is closed by whoever made it. */
export async function connectTo(redis: Pick<TestRedis, 'address'>, name = 'test'): Promise<RedisConnection> {
  const connection = connectRedis({ address: redis.address, name, log: () => undefined })
  await connection.whenConnected(10_000)
  return connection
}
