import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { NodeFailed, NodeSilent } from '../../lib/cluster/asking.js'
import { openCluster } from '../../lib/cluster/cluster.js'
import type { Cluster, LocalRecord } from '../../lib/cluster/types.js'
import { changeText, mergeTexts } from '../../lib/cluster/record.js'
import type { Store, Texts } from '../../lib/cluster/store.js'
import { until, within } from '../support/wait.js'

/** One way in which nodes share what they know. */
export interface World {
  store(name: string): Store
  /** Takes away what they share, with all that is in it. */
  stop(): Promise<void>
  start(): Promise<void>
  /** Sends any text to a node. */
  shout(node: string, text: string): Promise<void>
  end(): Promise<void>
}

interface Joined {
  readonly cluster: Cluster
  readonly lines: readonly string[]
}

const TIMING = { beatMs: 100, deadMs: 3000, listedMs: 60_000, answerMs: 5000 }

/** A record as a node keeps it. */
function memory(): LocalRecord & { put(key: string, text: string): Texts } {
  let texts: Texts = new Map()
  return {
    all: () => texts,
    take(news) {
      texts = mergeTexts(texts, news)
      return Promise.resolve()
    },
    isOld: () => false,
    put(key, text) {
      const change = new Map([[key, text]])
      texts = mergeTexts(texts, change)
      return change
    },
  }
}

const at = (atMs: number, value?: string): string => changeText({ atMs, by: 'test', value })

/** What every way has to do. */
export function describeContract(title: string, skip: string | false, open: () => Promise<World>): void {
  describe(title, { skip }, () => {
    let world: World
    const all: Cluster[] = []
    before(async () => {
      world = await open()
    })
    after(async () => {
      for (const cluster of all) cluster.close()
      await world.end()
    })

    function enter(node: string, owner = node): Joined {
      const lines: string[] = []
      const log = (level: string, text: string): void => {
        lines.push(`${level} ${text}`)
      }
      const store = world.store(node)
      const cluster = openCluster({ node, owner, store, log, summary: () => `of ${node}`, timing: TIMING })
      all.push(cluster)
      return { cluster, lines }
    }

    async function joined({ cluster, lines }: Joined): Promise<Cluster> {
      await until(() => cluster.standing().state === 'joined', {
        otherwise: () => `${cluster.node} has not joined: ${cluster.standing().why}\n${lines.join('\n')}`,
      })
      return cluster
    }

    async function sees(cluster: Cluster, names: readonly string[]): Promise<void> {
      const living = (): string[] =>
        cluster
          .nodes()
          .filter(({ alive }) => alive)
          .map(({ node }) => node)
          .sort()
      await until(() => living().join() === [...names].sort().join(), {
        otherwise: () => `${cluster.node} sees ${living().join()}`,
      })
    }

    describe('nodes', () => {
      it('ask each other, and the one that asks is none of those asked', async () => {
        const [one, two, three] = await Promise.all(['n1', 'n2', 'n3'].map((node) => joined(enter(node))))
        assert.ok(one !== undefined && two !== undefined && three !== undefined)
        for (const cluster of [one, two, three]) {
          cluster.onAsk('add', (args, from) => `${cluster.node} to ${from}: ${JSON.stringify(args)}`)
        }
        const { answers, answered, silent } = await one.ask('add', { n: 1 })
        assert.deepEqual([...answered].sort(), ['n2', 'n3'])
        assert.deepEqual(silent, [])
        assert.deepEqual(answers.map(({ value }) => value).sort(), ['n2 to n1: {"n":1}', 'n3 to n1: {"n":1}'])
        assert.equal(await two.askNode('n3', 'add', 5), 'n3 to n2: 5')
        await sees(one, ['n1', 'n2', 'n3'])
        assert.deepEqual((await one.summaries()).get('n3'), 'of n3')
        for (const cluster of [one, two, three]) cluster.close()
      })

      it('one that does not answer in time, fails or does not live is named, the others are heard', async () => {
        const [one, slow, failing, good] = await Promise.all(
          ['s1', 's2', 's3', 's4'].map((node) => joined(enter(node))),
        )
        assert.ok(one !== undefined && slow !== undefined && failing !== undefined && good !== undefined)
        slow.onAsk('q', () => new Promise(() => undefined))
        failing.onAsk('q', () => {
          throw new Error('no disk')
        })
        good.onAsk('q', () => 'yes')
        const { answers, silent } = await one.ask('q', {}, { timeMs: 2000 })
        assert.deepEqual(answers, [{ node: 's4', value: 'yes' }])
        assert.deepEqual([...silent].sort(), ['s2', 's3'])
        await assert.rejects(
          one.askNode('s3', 'q'),
          (error) => error instanceof NodeFailed && /no disk/.test(error.message),
        )
        await assert.rejects(one.askNode('s4', 'another'), NodeFailed)
        await assert.rejects(one.askNode('nobody', 'q'), NodeSilent)
        for (const cluster of [one, slow, failing, good]) cluster.close()
      })

      it('a long answer comes in parts, in order, each of which begins the time anew', async () => {
        const [one, two] = await Promise.all(['p1', 'p2'].map((node) => joined(enter(node))))
        assert.ok(one !== undefined && two !== undefined)
        two.onAsk('many', async (count, _from, say) => {
          for (let n = 0; n < Number(count); n++) {
            await sleep(100)
            await say(n)
          }
          return 'done'
        })
        // Less than all parts together take.
        const timeMs = 1500
        const parts: unknown[] = []
        assert.equal(await one.askNode('p2', 'many', 16, { timeMs, part: (value) => parts.push(value) }), 'done')
        assert.deepEqual(
          parts,
          Array.from({ length: 16 }, (_, n) => n),
        )
        let most = 0
        let open = 0
        const slow = async (): Promise<void> => {
          most = Math.max(most, ++open)
          await sleep(10)
          open--
        }
        await one.askNode('p2', 'many', 3, { timeMs, part: slow })
        assert.equal(most, 1, 'the next part came before the one before was dealt with')
        two.onAsk('one', async (_args, _from, say) => {
          await say(1)
          return 'done'
        })
        // Whoever reads slowly here is not late there.
        assert.equal(await one.askNode('p2', 'one', {}, { timeMs, part: () => sleep(timeMs + 100) }), 'done')
        await assert.rejects(
          one.askNode('p2', 'many', 3, { part: () => Promise.reject(new Error('nobody reads on')) }),
          /nobody reads on/,
        )
        for (const cluster of [one, two]) cluster.close()
      })

      it('one that ends is off the list, one that dies stays on it as dead', async () => {
        const [one, two] = await Promise.all(['d1', 'd2'].map((node) => joined(enter(node))))
        assert.ok(one !== undefined && two !== undefined)
        const dying = world.store('d3')
        await until(() => dying.state().connected, { otherwise: () => 'd3 is not connected' })
        await dying.beat({ name: 'd3', owner: 'd3', summary: '' }, TIMING.deadMs)
        dying.close()
        await sees(one, ['d1', 'd2', 'd3'])
        two.close()
        await sees(one, ['d1'])
        const dead = one.nodes().filter(({ alive }) => !alive)
        assert.deepEqual(
          dead.map(({ node }) => node),
          ['d3'],
        )
        one.close()
      })

      it('a second of the same name that lives elsewhere is refused until the first is dead', async () => {
        const first = await joined(enter('same', 'host one'.replace(' ', '-')))
        const second = enter('same', 'host-two')
        await until(() => second.cluster.standing().state === 'refused', { otherwise: () => second.lines.join('\n') })
        assert.equal(second.lines.filter((line) => line.startsWith('error')).length, 1, second.lines.join('\n'))
        assert.equal(first.standing().state, 'joined')
        first.close()
        await joined(second)
        second.cluster.close()
      })

      it('one that starts anew in the same directory takes its own place at once', async () => {
        const store = world.store('again')
        await until(() => store.state().connected, { otherwise: () => 'not connected' })
        await store.beat({ name: 'again', owner: 'dir', summary: '' }, TIMING.deadMs)
        store.close()
        const cluster = await joined(enter('again', 'dir'))
        cluster.close()
      })

      it('what nobody of them wrote is ignored, and told once', async () => {
        const one = enter('x1')
        const [cluster, other] = await Promise.all([joined(one), joined(enter('x2'))])
        cluster.onAsk('q', () => 'fine')
        const bad = [
          'not JSON',
          '[]',
          'null',
          '{"kind":"ask"}',
          '{"kind":"ask","id":1,"from":"x2","question":"q"}',
          '{"kind":"ask","id":"1","from":"a b","question":"q"}',
          '{"kind":"answer","id":"unknown","from":"x2","value":1}',
          `{"kind":"ask","id":"1","from":"x2","question":"${'q'.repeat(2_000_000)}"}`,
        ]
        for (const text of bad) await world.shout('x1', text)
        assert.equal(await other.askNode('x1', 'q'), 'fine')
        assert.equal(one.lines.filter((line) => /no node wrote/.test(line)).length, 1, one.lines.join('\n'))
        for (const each of [cluster, other]) each.close()
      })
    })

    describe('limits', () => {
      it('a window is that of all nodes', async () => {
        const [one, two] = await Promise.all(['l1', 'l2'].map((node) => joined(enter(node))))
        assert.ok(one !== undefined && two !== undefined)
        const rate = { count: 2, per: 60_000 }
        assert.equal(await one.take('k', rate), 0)
        assert.equal(await two.take('k', rate), 0)
        const waitMs = await one.take('k', rate)
        assert.ok(waitMs > 50_000 && waitMs <= 60_000, String(waitMs))
        assert.equal(await two.count('k', rate), 2)
        assert.equal(await two.count('another', rate), 0)
        assert.ok((await two.take('none at all', { count: 0, per: 1000 })) > 0)
        for (const cluster of [one, two]) cluster.close()
      })

      it('a window slides', async () => {
        const one = await joined(enter('l3'))
        const rate = { count: 1, per: 50 }
        assert.equal(await one.take('slide', rate), 0)
        let waits = 0
        for (let waitMs = 1; waitMs > 0; waits++) {
          waitMs = await one.take('slide', rate)
          await sleep(waitMs)
        }
        assert.ok(waits >= 2, 'it was let in at once')
        one.close()
      })

      it('a number in a period is that of all nodes', async () => {
        const [one, two] = await Promise.all(['v1', 'v2'].map((node) => joined(enter(node))))
        assert.ok(one !== undefined && two !== undefined)
        const takes = [one, two, one, two].map((cluster) => () => cluster.volume('ip', 3, 60_000))
        const answers: number[] = []
        for (const take of takes) answers.push(await take())
        assert.deepEqual(answers, [1, 2, 3, 0])
        assert.equal(await one.volume('nothing allowed', 0, 60_000), 0)
        assert.equal(await one.volume('nothing allowed', 0, 60_000), 0)
        for (const cluster of [one, two]) cluster.close()
      })

      it('what was let in without a question is counted with the next one, even where that one is too much', async () => {
        const [one, two] = await Promise.all(['v3', 'v4'].map((node) => joined(enter(node))))
        assert.ok(one !== undefined && two !== undefined)
        assert.equal(await one.volume('late', 10, 60_000, 2), 3)
        assert.equal(await two.volume('late', 10, 60_000, 4), 8)
        assert.equal(await one.volume('late', 10, 60_000, 3), 0)
        assert.equal(await two.volume('late', 12, 60_000), 12, 'the three are not counted')
        assert.equal(await two.volume('late', 12, 60_000), 0)
        assert.equal(await one.volume('more than all', 2, 60_000, 5), 0)
        assert.equal(await two.volume('more than all', 6, 60_000), 0)
        for (const cluster of [one, two]) cluster.close()
      })

      it('a key is claimed by one node, until it is free or its time is over', async () => {
        const [one, two] = await Promise.all(['c1', 'c2'].map((node) => joined(enter(node))))
        assert.ok(one !== undefined && two !== undefined)
        assert.deepEqual(
          await Promise.all([one.claim('a', 60_000), two.claim('a', 60_000)]).then((both) => both.sort()),
          [false, true],
        )
        await two.free('a')
        assert.equal(await two.claim('a', 60_000), true)
        assert.equal(await one.claim('short', 1), true)
        await sleep(20)
        assert.equal(await two.claim('short', 1), true)
        for (const cluster of [one, two]) cluster.close()
      })
    })

    describe('a record', () => {
      it('is the same everywhere: what is told, what was there before, and what a node brings', async () => {
        const [a, b, c] = [memory(), memory(), memory()]
        a.put('old', at(1, 'from a'))
        const one = enter('r1')
        one.cluster.record('rec', a)
        await joined(one)
        b.put('own', at(2, 'from b'))
        const two = enter('r2')
        two.cluster.record('rec', b)
        await joined(two)
        const has = async (record: LocalRecord, key: string, text: string): Promise<void> => {
          await until(() => record.all().get(key) === text, {
            otherwise: () => `${key} is ${record.all().get(key) ?? 'missing'}`,
          })
        }
        await has(b, 'old', at(1, 'from a'))
        await has(a, 'own', at(2, 'from b'))
        const told = await one.cluster.tell('rec', a.put('new', at(3, 'told')))
        assert.deepEqual(told, { answered: ['r2'], silent: [] })
        // Not later: whoever told it may rely on it.
        assert.equal(b.all().get('new'), at(3, 'told'))
        await two.cluster.tell('rec', b.put('old', at(4)))
        assert.equal(a.all().get('old'), at(4))
        const three = enter('r3')
        three.cluster.record('rec', c)
        await joined(three)
        assert.deepEqual(new Map([...c.all()].sort()), new Map([...a.all()].sort()))
        for (const { cluster } of [one, two, three]) cluster.close()
      })

      it('a node that cannot take a change over is named, and has it as soon as it can', async () => {
        const a = memory()
        const b = memory()
        let broken = true
        const one = enter('w1')
        one.cluster.record('broken', a)
        const two = enter('w2')
        two.cluster.record('broken', {
          ...b,
          take: (texts) => (broken ? Promise.reject(new Error('the disk is full')) : b.take(texts)),
        })
        await Promise.all([joined(one), joined(two)])
        assert.deepEqual(await one.cluster.tell('broken', a.put('k', at(1, 'v'))), { answered: [], silent: ['w2'] })
        assert.equal(two.lines.filter((line) => /disk is full/.test(line)).length, 1, two.lines.join('\n'))
        broken = false
        await until(() => b.all().get('k') === at(1, 'v'), { otherwise: () => 'it was not given again' })
        for (const { cluster } of [one, two]) cluster.close()
      })
    })

    it('who waits for an answer when all goes away waits no longer', async () => {
      const [one, two] = await Promise.all(['gone1', 'gone2'].map((node) => joined(enter(node))))
      assert.ok(one !== undefined && two !== undefined)
      let asked = 0
      two.onAsk('never', () => {
        asked++
        return new Promise(() => undefined)
      })
      const answer = one.ask('never', {}, { timeMs: 600_000 })
      await until(() => asked === 1, { otherwise: () => 'it was not asked' })
      await world.stop()
      const otherwise = (): string => 'it still waits'
      assert.deepEqual(await within(answer, { otherwise }), { answers: [], answered: [], silent: ['gone2'] })
      await world.start()
      for (const cluster of [one, two]) cluster.close()
    })

    it('while all is away each says so at once; when it is back with nothing in it they put together what they have', async () => {
      const [a, b] = [memory(), memory()]
      const one = enter('away1')
      one.cluster.record('away', a)
      const two = enter('away2')
      two.cluster.record('away', b)
      await Promise.all([joined(one), joined(two)])
      await one.cluster.tell('away', a.put('before', at(1, 'x')))
      await world.stop()
      for (const { cluster } of [one, two]) {
        await until(() => cluster.standing().state === 'away', { otherwise: () => `${cluster.node} has not noticed` })
        await assert.rejects(cluster.take('k', { count: 1, per: 1000 }))
        await assert.rejects(cluster.claim('k', 1000))
        assert.deepEqual(await cluster.ask('q'), { answers: [], answered: [], silent: [] })
      }
      assert.deepEqual(await one.cluster.tell('away', a.put('k1', at(5, 'of one'))), { answered: [], silent: [] })
      await two.cluster.tell('away', b.put('k2', at(6, 'of two')))
      await two.cluster.tell('away', b.put('before', at(7)))
      await world.start()
      await Promise.all([joined(one), joined(two)])
      const whole = new Map([
        ['before', at(7)],
        ['k1', at(5, 'of one')],
        ['k2', at(6, 'of two')],
      ])
      for (const record of [a, b]) {
        await until(() => record.all().size === 3 && record.all().get('before') === at(7), {
          otherwise: () => JSON.stringify([...record.all()]),
        })
        assert.deepEqual(new Map([...record.all()].sort()), whole)
      }
      for (const { lines } of [one, two]) {
        assert.equal(lines.filter((line) => /goes on alone/.test(line)).length, 1, lines.join('\n'))
        assert.equal(lines.filter((line) => /has joined again/.test(line)).length, 1, lines.join('\n'))
      }
      for (const { cluster } of [one, two]) cluster.close()
    })
  })
}
