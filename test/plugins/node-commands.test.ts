import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { isDeepStrictEqual } from 'node:util'
import { openCluster } from '../../lib/cluster/cluster.js'
import type { Cluster } from '../../lib/cluster/types.js'
import { createLocalHub } from '../../lib/cluster/local-store.js'
import { NodeFailed, NodeSilent } from '../../lib/cluster/node-asking.js'
import { MAX_MESSAGE } from '../../lib/cluster/message.js'
import { ClientGone, Refusal, type Handlers } from '../../lib/control/handlers.js'
import type { CommandName, Progress } from '../../lib/control/protocol.js'
import type { QueueRow } from '../../lib/queue/shown.js'
import { answerCommands, commandOn } from '../../plugins/admin/node-commands.js'
import { NO_SEAT } from '../../plugins/cluster.js'
import { handlers } from '../control/support.js'
import { until } from '../support/wait.js'

const row = (n: number): QueueRow => ({
  id: `id${n}`,
  uuid: 'A.1',
  domain: 'example.com',
  sender: 'ann@example.com',
  recipients: ['bob@example.com'],
  bytes: 1,
  arrivedMs: 1,
  attempts: 0,
  state: 'waiting',
  reason: 'x'.repeat(200),
  kind: 'remote',
})
const COUNT = 5000
/** Longer than a message may be, with characters that are two, at odd and at even places. */
const LONG = {
  count: 1,
  running: false,
  workers: 1,
  missing: 0,
  complete: true,
  more: `"\u001b${'\u{1f4ec}'.repeat(700_000)}`,
}
const TOTALS = { workers: 1, missing: 0, complete: true }

describe('a command that another node carries out', () => {
  let one: Cluster
  let two: Cluster
  let given: unknown
  let ended: unknown
  before(async () => {
    const hub = createLocalHub()
    const [a, b] = ['one', 'two'].map((node) =>
      openCluster({ node, owner: node, store: hub.join(), log: () => undefined }),
    )
    assert.ok(a !== undefined && b !== undefined)
    one = a
    two = b
    for (const cluster of [one, two]) {
      await until(() => cluster.standing().state === 'joined', { otherwise: () => cluster.standing().why })
    }
    const some: Partial<Handlers> = {
      'queue.list': async (args, talk) => {
        given = args
        ended = undefined
        try {
          await talk.progress({ done: 0, total: COUNT })
          await talk.items(Array.from({ length: COUNT }, (_, n) => row(n)))
        } catch (error) {
          ended = error
          throw error
        }
        return { ...TOTALS, count: COUNT }
      },
      'queue.show': () => Promise.reject(new Refusal('there is no such message', 'look again')),
      status: () => Promise.reject(new Error('a fault of ours')),
      etrn: () => Promise.resolve(LONG),
    }
    answerCommands(
      {
        ...NO_SEAT,
        onAsk: (question, handler) => {
          two.onAsk(question, handler)
        },
      },
      handlers(some),
    )
  })
  after(() => {
    for (const cluster of [one, two]) cluster.close()
  })

  const silent = { items: () => Promise.resolve(), progress: () => Promise.resolve() }

  it('gives all its rows, in order, and its result', async () => {
    const ids: string[] = []
    const seen: Progress[] = []
    let pieces = 0
    const result = await commandOn(
      one,
      'two',
      'queue.list',
      { filter: ['all'] },
      {
        items: (rows) => {
          pieces++
          ids.push(...rows.map(({ id }) => id))
          return Promise.resolve()
        },
        progress: (progress) => {
          seen.push(progress)
          return Promise.resolve()
        },
      },
    )
    assert.deepEqual(result, { ...TOTALS, count: COUNT })
    assert.deepEqual(given, { filter: ['all'] })
    assert.deepEqual(seen, [{ done: 0, total: COUNT }])
    assert.deepEqual(
      ids,
      Array.from({ length: COUNT }, (_, n) => `id${n}`),
    )
    assert.ok(pieces > 1, 'all of it was one message')
  })

  it('gives a result of any length', async () => {
    const result = await commandOn(one, 'two', 'etrn', { node: 'a.example' }, silent)
    assert.ok(JSON.stringify(LONG).length > MAX_MESSAGE)
    assert.ok(isDeepStrictEqual(result, LONG))
  })

  it('is refused in the words of that node', async () => {
    await assert.rejects(
      commandOn(one, 'two', 'queue.show', { id: 'x' }, silent),
      (error) =>
        error instanceof Refusal && error.message === 'there is no such message' && error.hint === 'look again',
    )
  })

  it('is refused where it is none', async () => {
    await assert.rejects(commandOn(one, 'two', 'nothing' as CommandName, {}, silent), /there is no command/)
  })

  for (const command of ['log', 'queue.adopt', 'reload', 'respond.claim'] as const) {
    it(`is refused where it is about one Haraka directory: ${command}`, async () => {
      const args = { words: [], dir: '/', force: true, user: 'u', sender: 's', everyMs: 1 }
      await assert.rejects(
        commandOn(one, 'two', command, args as never, silent),
        (error) => error instanceof Refusal && error.message === `${command} is not carried out for other nodes`,
      )
    })
  }

  it('fails as it fails there, and where nobody is', async () => {
    await assert.rejects(commandOn(one, 'two', 'status', {}, silent), NodeFailed)
    await assert.rejects(commandOn(one, 'three', 'status', {}, silent), NodeSilent)
  })

  it('ends here when nobody listens any more', async () => {
    const items = (): Promise<void> => Promise.reject(new ClientGone())
    await assert.rejects(commandOn(one, 'two', 'queue.list', { filter: [] }, { ...silent, items }), ClientGone)
    await until(() => ended !== undefined, { otherwise: () => 'the other node goes on' })
    assert.ok(ended instanceof ClientGone)
  })
})
