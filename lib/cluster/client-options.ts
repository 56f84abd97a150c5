import type { RedisClientOptions } from '@redis/client'
import type { Timing } from './connection.js'
import type { RedisAddress } from './settings.js'

/** How the package @redis/client is to connect. */
export function clientOptions(address: RedisAddress, name: string, timing: Timing): RedisClientOptions {
  const { host, port, path, tls, database, username, password } = address
  // What is tried again, and when, is decided by connection.ts: a timer of the package would keep a Haraka that ends from ending.
  const socket = { connectTimeout: timing.connectMs, reconnectStrategy: false as const }
  return {
    socket: path !== undefined ? { ...socket, path, tls: false } : { ...socket, host, port, ...(tls ? { tls } : {}) },
    // A name with a blank would be refused.
    name: name.replace(/[^!-~]/g, '_').slice(0, 100),
    database,
    ...(username === undefined ? {} : { username }),
    ...(password === undefined ? {} : { password }),
    disableOfflineQueue: true,
    disableClientInfo: true,
    maintNotifications: 'disabled',
  }
}
