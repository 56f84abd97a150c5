const PREFIX = 'redis:'
/** What may stand in dmail.conf without quotes, and in a trace. */
const NAME = /^[A-Za-z0-9](?:[A-Za-z0-9._:@-]{0,126}[A-Za-z0-9])?$/

/** What names of a cluster's own keys begin with (lib/cluster/redis-store.ts): a table there would be taken for it. */
export const RESERVED: readonly string[] = ['nodes', 'versions', 'summaries', 'rate', 'volume', 'once', 'record', 'to']

/** True for `redis:NAME`, a table in Redis where else a file is named. A full path of this machine never looks like it. */
export function isRedisTable(text: string): boolean {
  return text.slice(0, PREFIX.length).toLowerCase() === PREFIX
}

/** `redis:NAME` with the prefix in lower case; undefined where the name is none. Names differ by case, as keys of Redis do. */
export function readRedisTable(text: string): string | undefined {
  const name = text.slice(PREFIX.length)
  const [first = ''] = name.split(':')
  return isRedisTable(text) && NAME.test(name) && !RESERVED.includes(first) ? `${PREFIX}${name}` : undefined
}

/** The key of the hash that holds the table: `redis:aliases:example.com` is `dmail:aliases:example.com`. */
export function redisKey(prefix: string, table: string): string {
  return `${prefix}:${table.slice(PREFIX.length)}`
}

export const REDIS_TABLE_HINT =
  'write redis:NAME, as redis:aliases:domain1.com: letters, digits and . _ : @ - inside, up to 128; record, rate and the like are taken'
