import { randomUUID } from 'node:crypto'
import type { Log } from '../log.js'
import { connectRedis, RedisAway, type ConnectionState, type RedisClient, type Timing } from './connection.js'
import { BEAT, COUNT, FORGET, LEAVE, MERGE, runScript, TAKE, VOLUME, type Script } from './scripts.js'
import { isNodeName } from './names.js'
import type { RedisSettings } from './settings.js'
import { MAX_KEYS, MAX_NODES, type Roll, type Seen, type Store } from './store.js'

export interface RedisStoreOptions {
  readonly settings: RedisSettings
  /** What all keys and channels begin with. */
  readonly prefix: string
  /** For `CLIENT LIST`. */
  readonly name: string
  readonly log: Log
  readonly timing?: Partial<Timing>
}

/** Keys of a record in one command: others wait while Redis is at it, and all of them take longer than an answer may. */
const PIECE = 500

/** What nodes share, in Redis: one connection for commands and one for messages. */
export function openRedisStore({ settings, prefix, name, log, timing = {} }: RedisStoreOptions): Store {
  const changed: ((state: ConnectionState) => void)[] = []
  const failed: ((why: string) => void)[] = []
  const listeners = new Map<string, (text: string) => void>()
  let state: ConnectionState = { connected: false, sinceMs: Date.now(), why: 'it was not reached yet' }
  const key = (...parts: readonly string[]): string => [prefix, ...parts].join(':')
  // Channels, unlike keys, are the same in all databases of a server.
  const { database } = settings.server
  const channel = (to: string): string => (database === 0 ? key('to', to) : key('to', String(database), to))
  const own = {
    name,
    // Two connections to the same server would tell everything twice.
    log: ((level, text) => {
      if (level === 'error') log(level, text)
    }) satisfies Log,
    timing,
    changed: update,
    failed: (why: string) => {
      for (const listener of failed) listener(why)
    },
  }
  const commands = connectRedis({ ...own, address: settings.server })
  const messages = connectRedis({
    ...own,
    address: settings.pubsub,
    name: `${name} messages`,
    prepare: async (client) => {
      for (const to of listeners.keys()) await subscribe(client, to)
    },
  })

  /** It is there when both are. */
  function update(): void {
    const [one, other] = [commands.state(), messages.state()]
    const connected = one.connected && other.connected
    if (connected === state.connected) return
    state = { connected, sinceMs: Date.now(), why: one.connected ? other.why : one.why }
    for (const listener of changed) listener(state)
  }

  async function subscribe(client: RedisClient, to: string): Promise<void> {
    await client.subscribe(channel(to), (text) => {
      listeners.get(to)?.(text)
    })
  }

  function run<T>(use: (client: RedisClient) => Promise<T>): Promise<T> {
    if (!state.connected) return Promise.reject(new RedisAway(`Redis is away: ${state.why}`))
    return commands.run(use)
  }

  function call(script: Script, keys: readonly string[], args: readonly (string | number)[]): Promise<unknown> {
    return run((client) => runScript(client, script, keys, args))
  }

  async function roll(args: readonly (string | number)[]): Promise<Roll & { readonly taken: boolean }> {
    const reply = await call(BEAT, [key('nodes'), key('versions'), key('summaries')], args)
    const [taken, now, nodes, versions] = Array.isArray(reply) ? (reply as unknown[]) : []
    return {
      taken: taken === 1,
      // Names that come and go, as those of containers do, leave many that are dead.
      nodes: pairs(nodes)
        .flatMap(([node, text]) => readSeen(node, text, Number(now)) ?? [])
        .sort((one, other) => one.ageMs - other.ageMs)
        .slice(0, MAX_NODES),
      versions: new Map(pairs(versions).map(([record, version]) => [record, Number(version)])),
    }
  }

  async function inPieces(
    texts: ReadonlyMap<string, string>,
    act: (args: string[]) => Promise<unknown>,
  ): Promise<void> {
    const all = [...texts]
    for (let at = 0; at < all.length; at += PIECE) await act(all.slice(at, at + PIECE).flat())
  }

  return {
    state: () => state,
    onChanged: (listener) => changed.push(listener),
    onFailed: (listener) => failed.push(listener),
    beat: (beat, deadMs) => roll([beat.name, beat.owner, deadMs, beat.summary, beat.instance, beat.again ? 1 : 0]),
    roll: () => roll(['']),
    async summaries() {
      return new Map(Object.entries(await run((client) => client.hGetAll(key('summaries')))))
    },
    async leave({ name: node, owner }) {
      await call(LEAVE, [key('nodes'), key('summaries')], [node, owner])
    },
    async listen(to, listener) {
      const isNew = !listeners.has(to)
      listeners.set(to, listener)
      if (!isNew) return
      try {
        await messages.run((client) => subscribe(client, to))
      } catch (error) {
        // It is tried again, or this node would be deaf and not know it.
        listeners.delete(to)
        throw error
      }
    },
    async deafen(to) {
      if (!listeners.delete(to)) return
      await messages.run((client) => client.unsubscribe(channel(to)))
    },
    async send(to, text) {
      return (await run((client) => client.publish(channel(to), text))) > 0
    },
    async take(of, { count, per }) {
      return Number(await call(TAKE, [key('rate', of)], [count, per, randomUUID()]))
    },
    async count(of, { per }) {
      return Number(await call(COUNT, [key('rate', of)], [per]))
    },
    async volume(of, max, periodMs, unasked = 0) {
      return Number(await call(VOLUME, [key('volume', of)], [max, periodMs, unasked]))
    },
    async claim(of, forMs) {
      const options = { condition: 'NX', expiration: { type: 'PX', value: Math.max(1, Math.round(forMs)) } } as const
      return (await run((client) => client.set(key('once', of), '1', options))) === 'OK'
    },
    async free(of) {
      await run((client) => client.del(key('once', of)))
    },
    merge: (record, texts) =>
      inPieces(texts, (args) => call(MERGE, [key('record', record), key('versions')], [record, ...args])),
    async read(record) {
      const [version, size] = await run((client) =>
        Promise.all([client.hGet(key('versions'), record), client.hLen(key('record', record))]),
      )
      if (size > MAX_KEYS)
        throw new Error(`the record ${record} has ${size} keys in Redis, which is more than we wrote`)
      // What changes meanwhile has another version: it is read again.
      const texts = new Map<string, string>()
      let cursor = '0'
      do {
        const from = cursor
        const found = await run((client) => client.hScan(key('record', record), from, { COUNT: PIECE }))
        for (const { field, value } of found.entries) texts.set(field, value)
        cursor = found.cursor
      } while (cursor !== '0')
      return { version: Number(version ?? 0), texts }
    },
    forget: (record, texts) => inPieces(texts, (args) => call(FORGET, [key('record', record)], args)),
    close() {
      commands.close()
      messages.close()
      state = { connected: false, sinceMs: Date.now(), why: 'it was closed' }
    },
  }
}

/** The answer to HGETALL in a script: names and values by turns. */
function pairs(reply: unknown): [string, string][] {
  if (!Array.isArray(reply)) return []
  const all: [string, string][] = []
  for (let at = 0; at + 1 < reply.length; at += 2) all.push([String(reply[at]), String(reply[at + 1])])
  return all
}

function readSeen(name: string, text: string, nowMs: number): Seen | undefined {
  const [, at, owner] = /^(\d{1,15}) (\S{1,100}) \S{1,100}$/.exec(text) ?? []
  if (at === undefined || owner === undefined || !isNodeName(name)) return undefined
  return { name, owner, ageMs: Math.max(0, nowMs - Number(at)) }
}
