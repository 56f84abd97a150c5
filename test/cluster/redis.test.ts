import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { openCluster } from '../../lib/cluster/cluster.js'
import type { Cluster } from '../../lib/cluster/types.js'
import { openRedisStore } from '../../lib/cluster/redis-store.js'
import { connectTo, startRedis, withoutRedis, type TestRedis } from '../support/redis.js'
import { until } from '../support/wait.js'
import { describeContract } from './contract.js'

const FAST = { retryMs: 20, maxRetryMs: 100, connectMs: 2000, pingMs: 500 }

describeContract('nodes that share Redis', withoutRedis(), async () => {
  const redis = await startRedis()
  return {
    store: (name) =>
      openRedisStore({
        settings: { server: redis.address, pubsub: redis.address },
        prefix: 'contract',
        name,
        log: () => undefined,
        timing: FAST,
      }),
    stop: () => redis.kill(),
    start: () => redis.start(),
    shout: async (node, text) => {
      const connection = await connectTo(redis)
      await connection.run((client) => client.publish(`contract:to:${node}`, text))
      connection.close()
    },
    end: () => redis.kill(),
  }
})

describe('nodes and what Redis allows them', { skip: withoutRedis() }, () => {
  let redis: TestRedis
  const all: Cluster[] = []
  before(async () => {
    redis = await startRedis()
  })
  after(async () => {
    for (const cluster of all) cluster.close()
    await redis.kill()
  })

  interface As {
    readonly owner?: string
    readonly username?: string
    readonly database?: number
    readonly deadMs?: number
  }

  function enter(node: string, { owner = node, username, database = 0, deadMs = 1000 }: As = {}): Cluster {
    const account = username === undefined ? {} : { username, password: 'pw' }
    const address = { ...redis.address, ...account, database }
    const settings = { server: address, pubsub: address }
    const store = openRedisStore({ settings, prefix: 'p', name: node, log: () => undefined, timing: FAST })
    const timing = { beatMs: 50, deadMs, answerMs: 5000, listedMs: 10 ** 15 }
    const cluster = openCluster({ node, owner, store, log: () => undefined, timing })
    all.push(cluster)
    return cluster
  }

  async function stands(cluster: Cluster, state: 'joined' | 'away' | 'refused'): Promise<Cluster> {
    await until(() => cluster.standing().state === state, {
      otherwise: () => `${cluster.node} is ${JSON.stringify(cluster.standing())}`,
    })
    return cluster
  }

  it('one that may not listen has not joined; when it may it is heard', async () => {
    const calls = (): string => redis.command('INFO', 'commandstats')
    redis.command('ACL', 'SETUSER', 'deaf', 'on', '>pw', '~*', 'resetchannels', '+@all')
    const [deaf, asker] = [enter('deaf', { username: 'deaf' }), await stands(enter('asker'), 'joined')]
    await until(() => /NOPERM/.test(deaf.standing().why), { otherwise: () => JSON.stringify(deaf.standing()) })
    // It tries with each heartbeat.
    await until(() => /cmdstat_subscribe:.*(?:rejected|failed)_calls=[3-9]/.test(calls()), { otherwise: calls })
    assert.equal(deaf.standing().state, 'away')
    redis.command('ACL', 'SETUSER', 'deaf', 'allchannels')
    await stands(deaf, 'joined')
    deaf.onAsk('q', () => 'heard')
    assert.equal(await asker.askNode('deaf', 'q'), 'heard')
  })

  it('one that comes back where another has its name does not listen in its place', async () => {
    redis.command('ACL', 'SETUSER', 'first', 'on', '>pw', '~*', '&*', '+@all')
    const first = await stands(enter('same', { owner: 'one', username: 'first' }), 'joined')
    redis.command('ACL', 'SETUSER', 'first', 'off')
    redis.command('CLIENT', 'KILL', 'USER', 'first')
    await stands(first, 'away')
    await stands(enter('same', { owner: 'two' }), 'joined')
    redis.command('ACL', 'SETUSER', 'first', 'on')
    await stands(first, 'refused')
    assert.match(redis.command('PUBSUB', 'NUMSUB', 'p:to:same'), /\n1$/)
  })

  it('one whose heart has not beaten for long is asked by one that has just joined, where it listens', async () => {
    for (const node of ['slow', 'gone']) redis.command('HSET', 'p:nodes', node, '1000000000000 o i')
    const settings = { server: redis.address, pubsub: redis.address }
    const slow = openRedisStore({ settings, prefix: 'p', name: 'slow', log: () => undefined, timing: FAST })
    await until(() => slow.state().connected, { otherwise: () => slow.state().why })
    await slow.listen('slow', () => undefined)
    const asker = await stands(enter('new', { deadMs: 60_000 }), 'joined')
    const { silent } = await asker.ask('q', {}, { timeMs: 300 })
    slow.close()
    assert.deepEqual([silent.includes('slow'), silent.includes('gone')], [true, false])
  })

  it('those of another database are others, whatever they are called', async () => {
    const asked: string[] = []
    const [a, , c] = await Promise.all(
      [
        ['a', 0],
        ['b', 0],
        ['a', 5],
        ['b', 5],
      ].map(async ([node, database]) => {
        const cluster = await stands(enter(String(node), { database: Number(database) }), 'joined')
        cluster.onAsk('q', () => asked.push(`${node} of ${database}`))
        return cluster
      }),
    )
    assert.ok(a && c)
    await a.askNode('b', 'q')
    await c.askNode('b', 'q')
    assert.deepEqual(asked, ['b of 0', 'b of 5'])
  })

  it('those that live are seen among any number of dead ones', async () => {
    const script = "for n = 1, 20000 do redis.call('HSET', KEYS[1], 'dead' .. n, '1000000000000 o i') end"
    redis.command('EVAL', script, '1', 'p:nodes')
    const [one] = [enter('one'), enter('two')]
    await until(() => one.nodes().some(({ node, alive }) => node === 'two' && alive), {
      otherwise: () => `${one.nodes().length} others`,
    })
    assert.ok(one.nodes().length <= 1000, `${one.nodes().length} nodes`)
  })
})

it('a long record is read and written in pieces, none of which takes long', { skip: withoutRedis() }, async () => {
  const redis = await startRedis()
  const settings = { server: redis.address, pubsub: redis.address }
  const store = openRedisStore({ settings, prefix: 'long', name: 'n', log: () => undefined })
  await until(() => store.state().connected, { otherwise: () => store.state().why })
  const texts = new Map(Array.from({ length: 5000 }, (_, n) => [`hold ${n}`, `00000000000001 n =`]))
  await store.merge('rec', texts)
  assert.deepEqual(new Map([...(await store.read('rec')).texts].sort()), new Map([...texts].sort()))
  const calls = (name: string): number =>
    Number(new RegExp(`^cmdstat_${name}:calls=(\\d+)`, 'm').exec(redis.command('INFO', 'commandstats'))?.[1] ?? 0)
  assert.equal(calls('hgetall'), 0)
  assert.ok(calls('hscan') >= 5, String(calls('hscan')))
  store.close()
  await redis.kill()
})
