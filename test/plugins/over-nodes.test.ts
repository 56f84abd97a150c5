import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { openCluster } from '../../lib/cluster/cluster.js'
import type { Cluster } from '../../lib/cluster/types.js'
import { createLocalHub, type LocalStore } from '../../lib/cluster/local-store.js'
import { callAllNodes, callServer } from '../../lib/control/client.js'
import { ClientGone, Refusal, type Handlers, type OverNodes, type Talk } from '../../lib/control/handlers.js'
import type { FromNodes } from '../../lib/control/over-nodes.js'
import type { Progress } from '../../lib/control/protocol.js'
import type { QueueRow } from '../../lib/queue/shown.js'
import { answerCommands } from '../../plugins/admin/node-commands.js'
import { overNodes } from '../../plugins/admin/over-nodes.js'
import { NO_SEAT, type Seat } from '../../plugins/cluster.js'
import { handlers, serve } from '../control/support.js'
import { until } from '../support/wait.js'

const WHOLE = { workers: 1, missing: 0, complete: true }
const ACTED = { ...WHOLE, skipped: 0, examples: [] }
const NAMES = ['mail1', 'mail2', 'mail3'] as const
const SILENT: Talk<unknown> = { items: () => Promise.resolve(), progress: () => Promise.resolve() }

describe('a command for other nodes', () => {
  let stores: readonly LocalStore[]
  let clusters: readonly Cluster[]
  let over: OverNodes
  /** Which node carried out what, in order. */
  let done: string[] = []
  let listing = 0
  let mostListing = 0

  /** What a node does for itself alone. */
  function alone(name: string): Handlers {
    const did = <T>(what: string, value: T): Promise<T> => {
      done.push(`${what} ${name}`)
      return Promise.resolve(value)
    }
    return handlers({
      'queue.list': async (_args, talk) => {
        listing++
        mostListing = Math.max(mostListing, listing)
        await talk.items([1, 2].map((n) => ({ id: `${name}-${n}` }) as QueueRow))
        listing--
        return { ...WHOLE, count: 2 }
      },
      'queue.show': ({ id }) =>
        name === 'mail2'
          ? did('show', { id } as never)
          : Promise.reject(new Refusal('there is no such message', 'look')),
      'queue.drop': async (_args, talk) => {
        await talk.progress({ done: 1, total: 2 })
        return did('drop', { ...ACTED, done: 1 })
      },
      'queue.send': () => Promise.reject(new Error('a fault')),
      etrn: () => did('etrn', { ...WHOLE, count: 1, running: false }),
    })
  }
  const seatOf = (cluster: Cluster | undefined): Seat => ({
    ...NO_SEAT,
    cluster: () => cluster,
    onAsk: (question, handler) => cluster?.onAsk(question, handler),
  })

  before(async () => {
    const hub = createLocalHub()
    stores = NAMES.map(() => hub.join())
    clusters = stores.map((store, at) =>
      openCluster({ node: NAMES[at] ?? '', owner: NAMES[at] ?? '', store, log: () => undefined }),
    )
    const [own, ...others] = clusters
    assert.ok(own)
    for (const other of others) answerCommands(seatOf(other), alone(other.node))
    const together = handlers({
      etrn: () =>
        Promise.resolve({ ...WHOLE, count: 3, running: false, nodes: { answered: ['mail2', 'mail3'], silent: [] } }),
    })
    over = overNodes(seatOf(own), together, alone('mail1'))
    await until(() => own.nodes().filter(({ alive }) => alive).length === 3, { otherwise: () => own.standing().why })
  })
  after(() => {
    for (const cluster of clusters) cluster.close()
  })

  const named: readonly (readonly [name: string, did: readonly string[]])[] = [
    ['mail2', ['etrn mail2']],
    ['mail1', ['etrn mail1']],
  ]
  for (const [node, did] of named) {
    it(`is carried out by ${node} alone where that is its name`, async () => {
      done = []
      assert.deepEqual(await over({ node }, 'etrn', { node: 'a.example' }, SILENT), {
        ...WHOLE,
        count: 1,
        running: false,
      })
      assert.deepEqual(done, did)
    })
  }

  it('that is about all anyway has one answer, with who that is', async () => {
    assert.deepEqual(await over('all', 'etrn', { node: 'a.example' }, SILENT), {
      ...WHOLE,
      count: 3,
      running: false,
      nodes: { answered: ['mail2', 'mail3'], silent: [], own: 'mail1', dead: [] },
    })
  })

  const refused: readonly (readonly [what: string, node: string, message: string, hint: string])[] = [
    ['there is no such node', 'mail4', 'there is no node mail4', 'the nodes are mail1, mail2, mail3'],
    ['the node refuses', 'mail3', 'there is no such message', 'look'],
  ]
  for (const [what, node, message, hint] of refused) {
    it(`is refused where ${what}`, async () => {
      await assert.rejects(
        over({ node }, 'queue.show', { id: 'x' }, SILENT),
        (error) => error instanceof Refusal && error.message === message && error.hint === hint,
      )
    })
  }

  it('is refused where it fails on the other node, with its name', async () => {
    await assert.rejects(over({ node: 'mail2' }, 'queue.send', { filter: ['all'] }, SILENT), {
      name: 'Refusal',
      message: 'node mail2: a fault',
    })
  })

  it('is refused where there is no cluster', async () => {
    const none = overNodes(NO_SEAT, handlers({}), handlers({}))
    for (const on of ['all', { node: 'mail2' }] as const) {
      await assert.rejects(none(on, 'status', {}, SILENT), (error) => {
        assert.ok(error instanceof Refusal)
        assert.match(error.hint, /\[cluster\] redis = true/)
        return true
      })
    }
  })

  it('has the answer or the refusal of each', async () => {
    done = []
    const no = { error: 'there is no such message', hint: 'look', silent: false }
    assert.deepEqual(await over('all', 'queue.show', { id: 'x' }, SILENT), {
      nodes: [
        { node: 'mail1', ...no },
        { node: 'mail2', result: { id: 'x' } },
        { node: 'mail3', ...no },
      ],
    })
    assert.deepEqual(done, ['show mail2'])
  })

  it('has progress over all', async () => {
    done = []
    const seen: Progress[] = []
    const progress = (one: Progress): Promise<void> => {
      seen.push(one)
      return Promise.resolve()
    }
    const found = (await over('all', 'queue.drop', { filter: ['all'] }, { ...SILENT, progress })) as FromNodes<object>
    assert.deepEqual(
      found.nodes.map(({ node }) => node),
      [...NAMES],
    )
    assert.deepEqual(done.sort(), ['drop mail1', 'drop mail2', 'drop mail3'])
    assert.deepEqual(seen, [
      { done: 1, total: 2 },
      { done: 2, total: 4 },
      { done: 3, total: 6 },
    ])
  })

  it('lists one node after the other, and each row says whose it is', async () => {
    mostListing = 0
    const rows: unknown[] = []
    const items = (some: readonly unknown[]): Promise<void> => {
      rows.push(...some)
      return Promise.resolve()
    }
    const found = await over('all', 'queue.list', { filter: [] }, { ...SILENT, items })
    assert.deepEqual(
      rows,
      NAMES.flatMap((node) => [1, 2].map((n) => ({ node, id: `${node}-${n}` }))),
    )
    assert.deepEqual(found, { nodes: NAMES.map((node) => ({ node, result: { ...WHOLE, count: 2 } })) })
    assert.equal(mostListing, 1)
  })

  it('is not waited for by a node that has died before its turn', async () => {
    const hub = createLocalHub()
    const [mine, other] = [hub.join(), hub.join()]
    const timing = { beatMs: 50, deadMs: 500 }
    const [own, dying] = [
      openCluster({ node: 'a', owner: 'a', store: mine, log: () => undefined, timing }),
      openCluster({ node: 'b', owner: 'b', store: other, log: () => undefined, timing }),
    ]
    const isUp = (): boolean => own.nodes().some(({ node, alive }) => node === 'b' && alive)
    await until(isUp, { otherwise: () => own.standing().why })
    const list = async (): Promise<never> => {
      other.setAway(true)
      await until(() => !isUp(), { otherwise: () => 'it is not dead' })
      throw new Refusal('nothing here', '')
    }
    const { nodes } = (await overNodes(seatOf(own), handlers({}), handlers({ 'queue.list': list }))(
      'all',
      'queue.list',
      { filter: [] },
      SILENT,
    )) as FromNodes<unknown>
    assert.match(JSON.stringify(nodes[1]), /"error":"it is dead since/)
    for (const cluster of [own, dying]) cluster.close()
  })

  it('ends when nobody listens any more', async () => {
    listing = 0
    let given = 0
    const items = (): Promise<void> => (given++ === 0 ? Promise.resolve() : Promise.reject(new ClientGone()))
    await assert.rejects(over('all', 'queue.list', { filter: [] }, { ...SILENT, items }), ClientGone)
    assert.equal(given, 2, 'the third node was not asked')
  })

  it('is passed on by nobody', async () => {
    const [own] = clusters
    for (const on of ['all', { node: 'mail3' }]) {
      const answer = await own?.askNode('mail2', 'command', { command: 'etrn', args: { node: 'a.example' }, on })
      assert.deepEqual(answer, { error: { message: 'a node passes nothing on that another asks of it', hint: '' } })
    }
  })

  it('comes through the control socket, with its rows; another socket takes none', async () => {
    const { dir, server } = await serve({}, { overNodes: over })
    const ids: string[] = []
    const { nodes } = await callAllNodes(
      dir,
      'queue.list',
      { filter: [] },
      { item: ({ node, id }) => ids.push(`${node} ${id}`) },
    )
    assert.deepEqual([nodes.length, ids.length, ids.at(-1)], [3, 6, 'mail3 mail3-2'])
    const shown = await callServer(dir, 'queue.show', { id: 'x' }, {}, { on: { node: 'mail2' } })
    assert.deepEqual(shown, { id: 'x' })
    server.close()
    const other = await serve({})
    await assert.rejects(callAllNodes(other.dir, 'status', {}), /this socket is for commands of this node/)
    other.server.close()
  })

  it('is for this node alone while the others are out of reach, and says why', async () => {
    const [own] = clusters
    stores[0]?.setAway(true)
    await until(() => own?.standing().state === 'away', { otherwise: () => own?.standing().state ?? '' })
    await assert.rejects(over({ node: 'mail2' }, 'etrn', { node: 'a.example' }, SILENT), {
      message: /^node mail2 cannot be asked: Redis is away: /,
    })
    done = []
    await over({ node: 'mail1' }, 'etrn', { node: 'a.example' }, SILENT)
    const { nodes, alone: why = '' } = (await over(
      'all',
      'queue.drop',
      { filter: ['all'] },
      SILENT,
    )) as FromNodes<object>
    assert.match(why, /^Redis is away: /)
    assert.deepEqual(
      nodes.map((one) => [one.node, 'result' in one || one.silent]),
      NAMES.map((node) => [node, true]),
    )
    assert.deepEqual(done, ['etrn mail1', 'drop mail1'])
  })
})
