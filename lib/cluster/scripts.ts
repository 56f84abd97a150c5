import { createHash } from 'node:crypto'
import type { RedisClient } from './connection.js'

/** What Redis does in one go, by its own clock. */
export interface Script {
  readonly text: string
  readonly sha: string
}

export function script(text: string): Script {
  return { text, sha: createHash('sha1').update(text).digest('hex') }
}

const NOW = `local t = redis.call('TIME')
local now = t[1] * 1000 + math.floor(t[2] / 1000)
`

/** KEYS: nodes, versions, summaries. ARGV: name, owner, dead after, summary, instance, again. Without a name nothing is written. */
export const BEAT = script(`${NOW}local taken = 0
if ARGV[1] ~= '' then
  local other = redis.call('HGET', KEYS[1], ARGV[1])
  if other then
    local at, owner, instance = string.match(other, '^(%d+) (%S+) (%S+)$')
    local same = owner == ARGV[2] and (instance == ARGV[5] or ARGV[6] == '0')
    if owner and not same and now - tonumber(at) < tonumber(ARGV[3]) then taken = 1 end
  end
  if taken == 0 then
    redis.call('HSET', KEYS[1], ARGV[1], string.format('%.0f', now) .. ' ' .. ARGV[2] .. ' ' .. ARGV[5])
    redis.call('HSET', KEYS[3], ARGV[1], ARGV[4])
  end
end
return {taken, string.format('%.0f', now), redis.call('HGETALL', KEYS[1]), redis.call('HGETALL', KEYS[2])}
`)

/** KEYS: nodes, summaries. ARGV: name, owner. */
export const LEAVE = script(`local other = redis.call('HGET', KEYS[1], ARGV[1])
if other and string.match(other, '^%d+ (%S+)') == ARGV[2] then
  redis.call('HDEL', KEYS[1], ARGV[1])
  redis.call('HDEL', KEYS[2], ARGV[1])
end
return 0
`)

/** KEYS: window. ARGV: count, per, a name for this one. -> milliseconds to wait. */
export const TAKE = script(`${NOW}local count, per = tonumber(ARGV[1]), tonumber(ARGV[2])
if count < 1 then return per end
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now - per)
if redis.call('ZCARD', KEYS[1]) < count then
  redis.call('ZADD', KEYS[1], now, ARGV[3])
  redis.call('PEXPIRE', KEYS[1], per)
  return 0
end
local oldest = redis.call('ZRANGE', KEYS[1], -count, -count, 'WITHSCORES')[2]
return math.max(1, (oldest or now) + per - now)
`)

/** KEYS: window. ARGV: per. -> how many. */
export const COUNT = script(`${NOW}return redis.call('ZCOUNT', KEYS[1], '(' .. (now - ARGV[1]), '+inf')
`)

/** KEYS: number. ARGV: max, period, unasked before. -> how many with this one, 0 where there may be no more. */
export const VOLUME = script(`local max, unasked = tonumber(ARGV[1]), tonumber(ARGV[3])
local before = tonumber(redis.call('GET', KEYS[1]) or '0')
if before == 0 then
  redis.call('SET', KEYS[1], unasked + 1, 'PX', ARGV[2])
  return unasked < max and unasked + 1 or 0
end
local allowed = before + unasked < max
local more = unasked + (allowed and 1 or 0)
if more > 0 then redis.call('INCRBY', KEYS[1], more) end
return allowed and before + more or 0
`)

/** KEYS: record, versions. ARGV: name of the record, then key and text by turns. Compares bytes: the `<` of Lua asks the locale. */
export const MERGE = script(`local function less(a, b)
  for i = 1, math.min(#a, #b) do
    local x, y = string.byte(a, i), string.byte(b, i)
    if x ~= y then return x < y end
  end
  return #a < #b
end
local news = 0
for i = 2, #ARGV, 2 do
  local before = redis.call('HGET', KEYS[1], ARGV[i])
  if not before or less(before, ARGV[i + 1]) then
    redis.call('HSET', KEYS[1], ARGV[i], ARGV[i + 1])
    news = 1
  end
end
if news == 1 then redis.call('HINCRBY', KEYS[2], ARGV[1], 1) end
return news
`)

/** KEYS: record. ARGV: key and text by turns. */
export const FORGET = script(`for i = 1, #ARGV, 2 do
  if redis.call('HGET', KEYS[1], ARGV[i]) == ARGV[i + 1] then redis.call('HDEL', KEYS[1], ARGV[i]) end
end
return 0
`)

/** Runs a script, whose text is sent only where Redis does not know it. */
export async function runScript(
  client: RedisClient,
  { text, sha }: Script,
  keys: readonly string[],
  args: readonly (string | number)[],
): Promise<unknown> {
  const options = { keys: [...keys], arguments: args.map(String) }
  try {
    return await client.evalSha(sha, options)
  } catch (error) {
    if (!(error instanceof Error && error.message.startsWith('NOSCRIPT'))) throw error
    return await client.eval(text, options)
  }
}
