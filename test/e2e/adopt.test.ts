import assert from 'node:assert/strict'
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { after, before, describe, it } from 'node:test'
import type { Adopted } from '../../lib/adopt/shown.js'
import { sortNames } from '../../lib/adopt/place.js'
import { ADOPTION_FILE, NODE_FILE } from '../../lib/adopt/marks.js'
import type { QueueRow } from '../../lib/queue/shown.js'
import { callServer } from '../../lib/control/client.js'
import { dmail } from '../cli/support.js'
import { makeHalt } from '../support/halt.js'
import { readQuietMbox } from '../support/mbox.js'
import { withoutRedis } from '../support/redis.js'
import { send } from '../support/smtp.js'
import { eventually } from '../support/wait.js'
import { CUSTOMER, MOVING, queued, startClusterSite, type ClusterSite, type Node } from './cluster-site.js'
import { subjectOf } from './etrn-site.js'
import { codes, note } from './site.js'

/** Messages that wait on the dead node, and how many are taken before something happens. They come in batches of 256. */
const MANY = 400
const HALF = 280

const queueOf = ({ haraka }: Node): string => path.join(haraka.dir, 'queue')
const mailOf = (node: Node): readonly string[] => sortNames(readdirSync(queueOf(node))).mail

async function listed(node: Node, ...filter: readonly string[]): Promise<QueueRow[]> {
  const rows: QueueRow[] = []
  await callServer(node.haraka.dir, 'queue.list', { filter }, { item: (row) => rows.push(row) })
  return rows
}

describe('a node dies, and another takes over its queue', { skip: withoutRedis() }, () => {
  const halt = makeHalt()
  let site: ClusterSite
  let [one, two, three]: Node[] = []
  before(async () => {
    site = await startClusterSite({ version: '3.3', workers: 2, answerTimeout: '4s', env: halt.env })
    ;[one, two, three] = site.nodes
    await site.together(...site.nodes)
  })
  after(() => site.close())

  const adopt = (by: Node, from: Node, force = false): ReturnType<typeof by.call<'queue.adopt'>> =>
    by.call('queue.adopt', { dir: queueOf(from), force })

  /** Ends a node at once, and waits until the others know. */
  async function killNode(node: Node, witness: Node): Promise<void> {
    node.haraka.kill('SIGKILL', 'all')
    await node.haraka.exited()
    // Its process is gone, and still it was heard of just now.
    await assert.rejects(adopt(witness, node), /node \S+ lives: it was heard of \d s ago/)
    await witness.comes(({ cluster }) => cluster?.nodes.some((one) => one.node === node.name && !one.alive) === true)
  }

  /** As many messages more as if it had taken them: of the first, with other Subjects. */
  function multiply(node: Node, name: string, count: number): string[] {
    const file = mailOf(node).find((one) =>
      readFileSync(path.join(queueOf(node), one), 'latin1').includes(`${name} 000`),
    )
    assert.ok(file !== undefined)
    const content = readFileSync(path.join(queueOf(node), file), 'latin1')
    return Array.from({ length: count }, (_, n) => {
      const subject = `${name} ${String(n).padStart(3, '0')}`
      if (n === 0) return subject
      const parts = file.split('_')
      parts[4] = `Clon${String(n).padStart(3, '0')}`
      writeFileSync(path.join(queueOf(node), parts.join('_')), content.replace(`${name} 000`, subject), 'latin1')
      return subject
    })
  }

  /** Begins to take over; resolves in the middle: the first have been taken over, and most have not. */
  async function halfAdopted(by: Node, from: Node): Promise<{ readonly result: Promise<Adopted>; goOn: () => void }> {
    halt.behind(HALF, queueOf(from))
    const result = adopt(by, from)
    result.catch(() => undefined)
    const goOn = await halt.reached()
    assert.ok(mailOf(by).length > 0 && mailOf(from).length > MANY / 4)
    return { result, goOn }
  }

  it('not while it lives, and not itself', async () => {
    assert.ok(two && three)
    await assert.rejects(adopt(two, three, true), /node three lives/)
    await assert.rejects(adopt(two, two), /is the queue of this Haraka itself/)
    const { exit, err } = await dmail(['queue', 'adopt', '-c', two.haraka.dir, three.haraka.dir])
    assert.equal(exit, 1)
    assert.match(err, /node three lives[^]*stop it first/)
    assert.equal(existsSync(path.join(queueOf(three), ADOPTION_FILE)), false)
  })

  let many: string[] = []
  it('waiting, held and suspended mail and local work come along, while Redis is killed', async () => {
    assert.ok(one && two && three)
    await three.submit(CUSTOMER, 'held', 'wait', 'many 000')
    const rows = await listed(three)
    const held = mailOf(three).find((name) =>
      readFileSync(path.join(queueOf(three as Node), name), 'latin1').includes('Subject: held'),
    )
    const id = rows.find((row) => held?.includes(row.id.slice(-6)))?.id ?? ''
    await three.call('queue.hold', { filter: [id] })
    await one.call('suspend', { domain: MOVING, reason: 'they move' })
    await three.submit(MOVING, 'moving')
    // A drop file that is locked makes local work.
    const drops = /^drop_path (.*)$/m.exec(three.haraka.read('config/dmail.conf'))?.[1] ?? ''
    const lock = path.join(drops, 'bob.lock')
    writeFileSync(lock, `${process.pid}\n`)
    const { final } = await send(three.haraka.port, {
      from: 'ann@example.com',
      to: ['bob@domain1.com'],
      message: note('local'),
    })
    assert.equal(codes(final), '250 2.0.0')
    assert.equal(mailOf(three).length, 5, three.haraka.log.slice(-2000))
    await killNode(three, two)
    many = multiply(three, 'many', MANY)

    const adoption = await halfAdopted(two, three)
    await site.redis.kill()
    adoption.goOn()
    const result = await adoption.result
    assert.deepEqual(
      { ...result, directory: '' },
      {
        directory: '',
        node: 'three',
        adopted: MANY + 4,
        held: 1,
        suspensions: 0,
        left: [],
        unfinished: 0,
        stopped: '',
      },
    )
    assert.deepEqual(readdirSync(queueOf(three)), [NODE_FILE])
    assert.equal(mailOf(two).length, MANY + 4)
    await site.redis.start()
    await site.together(one, two)

    await eventually(async () => (await listed(two as Node)).length === MANY + 4)
    assert.deepEqual(
      (await listed(two, id)).map((row) => [row.state, row.arrivedMs]),
      rows.filter((row) => row.id === id).map((row) => ['held', row.arrivedMs]),
    )
    assert.deepEqual(
      (await listed(two, `domain=${MOVING}`)).map((row) => row.state),
      ['suspended'],
    )
    assert.deepEqual(
      (await listed(two, 'domain=domain1.com')).map((row) => row.kind),
      ['mailbox'],
    )
    rmSync(lock)
    await two.call('queue.send', { filter: ['domain=domain1.com'] })
    const subjects = (): string[] =>
      existsSync(path.join(drops, 'bob'))
        ? readQuietMbox(path.join(drops, 'bob')).map((one) => one.header('Subject') ?? '')
        : []
    await eventually(() => Promise.resolve(subjects().join() === 'local'))
  })

  it('each is sent once, what is held when it is released', async () => {
    assert.ok(one && two && three)
    // The dead node is back, has nothing, and holds nothing that is not its own any more.
    await three.haraka.restart()
    assert.deepEqual(await listed(three), [])
    await three.submit(CUSTOMER, 'new three')
    await three.call('queue.hold', { filter: ['all'] })
    await three.call('queue.release', { filter: ['all'] })
    await site.together(...site.nodes)
    assert.equal((await one.etrn(CUSTOMER)).code, 253)
    await tookOnce('many', many)
    await site.tookOnce('wait')
    await site.tookOnce('new three')
    assert.deepEqual(queued(two.haraka).sort(), ['held', 'moving'])
    await one.call('resume', { domain: MOVING })
    await site.tookOnce('moving')
    await two.call('queue.release', { filter: ['all'] })
    await two.call('queue.send', { filter: ['all'] })
    await site.tookOnce('held')
  })

  it('whoever takes over is killed in the middle, and goes on when it starts again', async () => {
    assert.ok(one && two && three)
    await three.submit(CUSTOMER, 'more 000')
    await killNode(three, one)
    const more = multiply(three, 'more', MANY)
    const adoption = await halfAdopted(one, three)
    one.haraka.kill('SIGKILL', 'all')
    await one.haraka.exited()
    await assert.rejects(adoption.result, /went away|reset/i)
    assert.ok(existsSync(path.join(queueOf(three), ADOPTION_FILE)))
    // It is known to be dead by now or not; a third may not come between either way until then.
    await assert.rejects(adopt(two, three), /is being taken over already: node one/)
    await one.haraka.restart()
    await one.haraka.waitForLog(/adoption of \S+ is gone on with: \d+ messages/)
    assert.deepEqual(readdirSync(queueOf(three)), [NODE_FILE])
    await three.haraka.restart()
    assert.deepEqual(await listed(three), [])
    await site.together(...site.nodes)
    await eventually(async () => (await listed(one as Node)).length === MANY)
    assert.equal((await three.etrn(CUSTOMER)).code, 253)
    await tookOnce('more', more)
  })

  /** As the site's, for many. */
  async function tookOnce(word: string, subjects: readonly string[]): Promise<void> {
    const mine = (): string[] =>
      site.nextHop.messages.map(subjectOf).filter((subject) => subject.startsWith(`${word} `))
    await eventually(
      () => Promise.resolve(mine().length >= subjects.length),
      () => `${mine().length} of ${subjects.length} were taken`,
    )
    await eventually(() =>
      Promise.resolve(site.nodes.every(({ haraka }) => !queued(haraka).some((one) => one.startsWith(word)))),
    )
    assert.deepEqual(mine().sort(), [...subjects].sort())
  }
})
