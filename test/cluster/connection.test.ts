import assert from 'node:assert/strict'
import { after, describe, it } from 'node:test'
import { connectRedis, RedisAway, type ConnectionState, type RedisConnection } from '../../lib/cluster/connection.js'
import { startRedis, withoutRedis } from '../support/redis.js'
import { freePort } from '../support/ports.js'
import { PATIENCE_MS, until } from '../support/wait.js'

const FAST = { answerMs: 2000, connectMs: 2000, retryMs: 20, maxRetryMs: 100, pingMs: 100 }

describe('a connection to Redis', { skip: withoutRedis() }, () => {
  const open: RedisConnection[] = []
  after(() => {
    for (const connection of open) connection.close()
  })

  function connect(port: number, more: { readonly password?: string } = {}) {
    const lines: string[] = []
    const states: ConnectionState[] = []
    const connection = connectRedis({
      address: { host: '127.0.0.1', port, tls: false, database: 0, ...more },
      name: 'a test',
      log: (level, text) => lines.push(`${level} ${text}`),
      changed: (state) => states.push(state),
      timing: FAST,
    })
    open.push(connection)
    return { connection, lines, states }
  }

  async function reaches(connection: RedisConnection, connected: boolean): Promise<void> {
    await until(() => connection.state().connected === connected, {
      otherwise: () => `it is not ${connected ? 'connected' : 'away'}: ${connection.state().why}`,
    })
  }

  it('is lost when the server is killed and comes back with it, one line each', async () => {
    const redis = await startRedis()
    const { connection, lines, states } = connect(redis.port)
    await connection.whenConnected(PATIENCE_MS)
    assert.equal(await connection.run((client) => client.set('key', 'value')), 'OK')
    assert.equal(lines.join('\n'), '')
    await redis.kill()
    await reaches(connection, false)
    await assert.rejects(
      connection.run((client) => client.get('key')),
      RedisAway,
    )
    await redis.start()
    await reaches(connection, true)
    assert.equal(await connection.run((client) => client.get('key')), null)
    assert.equal(lines.length, 2, lines.join('\n'))
    assert.match(lines[0] ?? '', /^warn Redis at 127\.0\.0\.1:\d+ is away: /)
    assert.match(lines[1] ?? '', /^info Redis at 127\.0\.0\.1:\d+ is back$/)
    assert.deepEqual(
      states.map(({ connected }) => connected),
      [true, false, true],
    )
    await redis.kill()
  })

  it('is lost when the server hangs, and whoever waits then waits for a bounded time', async () => {
    const redis = await startRedis()
    const { connection } = connect(redis.port)
    await connection.whenConnected(PATIENCE_MS)
    await redis.freeze()
    await assert.rejects(
      connection.run((client) => client.get('key')),
      RedisAway,
    )
    assert.equal(connection.state().connected, false)
    redis.thaw()
    await reaches(connection, true)
    await redis.freeze()
    // Nobody asks it anything: it is missed all the same.
    await reaches(connection, false)
    await redis.kill()
  })

  it('begins when the server does', async () => {
    const port = await freePort()
    const { connection, lines } = connect(port)
    await until(() => lines.length > 0, { otherwise: () => 'nothing was logged' })
    await assert.rejects(connection.whenConnected(50), /is away: .*ECONNREFUSED/)
    const redis = await startRedis({ port })
    await connection.whenConnected(PATIENCE_MS)
    assert.equal(lines.length, 2, lines.join('\n'))
    await redis.kill()
  })

  it('an answer that is an error leaves it connected', async () => {
    const redis = await startRedis()
    const { connection } = connect(redis.port)
    await connection.whenConnected(PATIENCE_MS)
    await connection.run((client) => client.set('text', 'abc'))
    await assert.rejects(
      connection.run((client) => client.incr('text')),
      /not an integer/,
    )
    assert.equal(connection.state().connected, true)
    await redis.kill()
  })

  it('a wrong password is told without the password', async () => {
    const redis = await startRedis({ args: ['--requirepass', 'the right one'] })
    const wrong = connect(redis.port, { password: 'another-secret' })
    await until(() => wrong.lines.length > 0, { otherwise: () => 'nothing was logged' })
    assert.match(wrong.lines[0] ?? '', /WRONGPASS/)
    assert.doesNotMatch(wrong.lines.join('\n'), /another-secret/)
    const right = connect(redis.port, { password: 'the right one' })
    await right.connection.whenConnected(PATIENCE_MS)
    await redis.kill()
  })
})
