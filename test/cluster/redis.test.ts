import { openRedisStore } from '../../lib/cluster/redis-store.js'
import { connectTo, startRedis, withoutRedis } from '../support/redis.js'
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
