import { connectRedis, type RedisClient, type RedisConnection } from '../cluster/connection.js'
import { readRedisSettings } from '../cluster/settings.js'
import type { Log } from '../log.js'

/** The hashes that hold tables. Everything rejects where Redis is away or does not answer in time. */
export interface TableStore {
  /**
   * The values of these fields, in their order; null for one that is not there. Rejects as well where there is no such table: a Redis
   * that lost what it had must not look like one that never had it.
   */
  values(key: string, fields: readonly string[]): Promise<readonly (string | null)[]>
  /** All fields with their values, some at a time; one may come twice while the table is written to. */
  scan(key: string): AsyncGenerator<readonly (readonly [field: string, value: string])[]>
  /** How many fields there are; 0 also where there is no such table. */
  size(key: string): Promise<number>
  /** For those who write. */
  run<T>(use: (client: RedisClient) => Promise<T>): Promise<T>
  close(): void
}

const SCANNED_AT_ONCE = 1000

/** Nothing is known of what the table may have held. */
export class NoTable extends Error {
  override readonly name = 'NoTable'
}

/** Opens its connection with the first question, by config/redis.ini as it is then. */
export function openStore(harakaDir: string, log: Log): TableStore {
  let opening: Promise<RedisConnection> | undefined
  let closed = false

  async function open(): Promise<RedisConnection> {
    const read = await readRedisSettings(harakaDir)
    if (!read.ok) throw new Error(read.message)
    if (closed) throw new Error('the tables are closed')
    let failed = (): void => undefined
    const firstFailure = new Promise<void>((resolve) => (failed = resolve))
    const connection = connectRedis({
      address: read.settings.server,
      name: 'dmail tables',
      log: (level, text) => {
        if (level !== 'info') failed()
        log(level, text)
      },
    })
    // Whoever asks first waits until it is known whether Redis is there.
    await Promise.race([connection.whenConnected().catch(() => undefined), firstFailure])
    return connection
  }

  async function run<T>(use: (client: RedisClient) => Promise<T>): Promise<T> {
    const asked = (opening ??= open())
    try {
      return await (await asked).run(use)
    } catch (error) {
      // Nothing was opened: the file may be mended by the next question.
      if (opening === asked && (await isRejected(asked))) opening = undefined
      throw error
    }
  }

  return {
    run,
    values: (key, fields) =>
      run(async (client) => {
        // One round trip: both are sent together.
        const [values, there] = await Promise.all([client.hmGet(key, [...fields]), client.exists(key)])
        if (there === 0) throw new NoTable(`there is no table ${key} in Redis`)
        return values
      }),
    async *scan(key) {
      let cursor = '0'
      do {
        const from = cursor
        const found = await run((client) => client.hScan(key, from, { COUNT: SCANNED_AT_ONCE }))
        cursor = found.cursor
        yield found.entries.map(({ field, value }) => [field, value] as const)
      } while (cursor !== '0')
    },
    size: (key) => run((client) => client.hLen(key)),
    close() {
      closed = true
      opening
        ?.then((connection) => {
          connection.close()
        })
        .catch(() => undefined)
    },
  }
}

function isRejected(promise: Promise<unknown>): Promise<boolean> {
  return promise.then(
    () => false,
    () => true,
  )
}
