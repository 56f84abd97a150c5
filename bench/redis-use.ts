import type { TestRedis } from '../test/support/redis.js'

/** What a Redis server has used since its start, and what it holds now. */
export interface RedisUse {
  readonly atMs: number
  readonly cpuSeconds: number
  readonly bytesIn: number
  readonly bytesOut: number
  /** What its data take, and its connections. */
  readonly bytesHeld: number
  /** How often each command was carried out, those within scripts too. */
  readonly calls: ReadonlyMap<string, number>
}

/** Reads INFO, which costs Redis some 0.1 ms and 10 kB itself. */
export function redisUse(redis: Pick<TestRedis, 'command'>): RedisUse {
  const text = redis.command('INFO', 'everything')
  const fields = new Map(
    Array.from(text.matchAll(/^([^:#\r\n]+):(.*?)\r?$/gm), ([, name = '', value = '']) => [name, value]),
  )
  const number = (name: string): number => Number(fields.get(name) ?? Number.NaN)
  const calls = [...fields].flatMap(([name, value]): [string, number][] => {
    const [, command] = /^cmdstat_(.+)$/.exec(name) ?? []
    return command === undefined ? [] : [[command, Number(/calls=(\d+)/.exec(value)?.[1])]]
  })
  return {
    atMs: performance.now(),
    cpuSeconds: number('used_cpu_user') + number('used_cpu_sys'),
    bytesIn: number('total_net_input_bytes'),
    bytesOut: number('total_net_output_bytes'),
    bytesHeld: number('used_memory'),
    calls: new Map(calls),
  }
}

/** Commands between two looks, those that took place most often first; what is asked by looking is left out. */
export function callsBetween(
  before: RedisUse,
  after: RedisUse,
): readonly (readonly [command: string, calls: number])[] {
  return [...after.calls]
    .map(([command, calls]) => [command, calls - (before.calls.get(command) ?? 0)] as const)
    .filter(([command, calls]) => calls > 0 && command !== 'info')
    .sort(([, one], [, other]) => other - one)
}
