import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { callServer } from '../../lib/control/client.js'
import type { QueueRow } from '../../lib/queue/shown.js'
import { dmail, type Ran } from '../cli/support.js'
import { freePort } from '../support/ports.js'
import { withoutRedis } from '../support/redis.js'
import { eventually } from '../support/wait.js'
import { CUSTOMER, MOVING, queued, startClusterSite, suspends, type ClusterSite, type Node } from './cluster-site.js'
import { pageClient, withoutExpress, type PageClient } from './page-site.js'

/** Commands given on one of three nodes, for others. */
describe(
  'commands over three nodes, one of them with another Haraka',
  { skip: withoutRedis() || withoutExpress() },
  () => {
    let site: ClusterSite
    let [one, two, three]: Node[] = []
    let page: PageClient
    let cookie = ''
    before(async () => {
      const port = await freePort()
      site = await startClusterSite({
        version: '3.3',
        third: '3.1',
        workers: 2,
        answerTimeout: '2s',
        first: { 'http.ini': `listen=127.0.0.1:${port}\n` },
      })
      ;[one, two, three] = site.nodes
      await site.together(...site.nodes)
      await one.submit(CUSTOMER, 'first one')
      await two.submit(CUSTOMER, 'first two', 'second two')
      await three.submit(CUSTOMER, 'first three')
      page = await pageClient(one.haraka, port)
      cookie = await page.logIn()
    })
    after(() => site.close())

    /** On the first node. */
    function run(...args: readonly string[]): Promise<Ran> {
      assert.ok(one)
      return dmail([...args, '-c', one.haraka.dir])
    }
    const read = async (path: string): Promise<string> =>
      (await page.ask(`/dmail/${path}`, { headers: { Cookie: cookie } })).body

    async function rowsOf(node: Node | undefined): Promise<QueueRow[]> {
      assert.ok(node)
      const rows: QueueRow[] = []
      await callServer(node.haraka.dir, 'queue.list', { filter: [] }, { item: (row) => rows.push(row) })
      return rows
    }
    async function statesOf(node: Node | undefined): Promise<string[]> {
      return (await rowsOf(node)).map(({ state }) => state)
    }

    it('status: of another, of this one by its name, and of all with the sum', async () => {
      assert.ok(one && two)
      const other = await run('status', '--node', 'two')
      assert.match(other.out, new RegExp(`^dmail .* process ${two.haraka.pid}, 2 workers\nqueue: 2 messages, `))
      assert.deepEqual([other.exit, other.err], [0, ''])
      assert.match(
        (await run('status', '--node', 'one')).out,
        new RegExp(`process ${one.haraka.pid}\nqueue: 1 message,`),
      )
      const all = await run('status', '--all')
      const heads = all.out.split('\n').filter((line) => /^node |^queue: |of 3 nodes/.test(line))
      assert.deepEqual(
        heads.map((line) => line.replace(/, .*/, '')),
        [
          'node one',
          'queue: 1 message',
          'node three',
          'queue: 1 message',
          'node two',
          'queue: 2 messages',
          '3 of 3 nodes: 4 messages',
        ],
      )
      assert.equal(all.exit, 0)
      const json = JSON.parse((await run('status', '--all', '--json')).out) as {
        nodes: { node: string; result: object }[]
      }
      assert.deepEqual(Object.keys(json), ['nodes'])
      assert.deepEqual(
        json.nodes.map(({ node, result }) => [node, (result as { queue: { count: number } }).queue.count]),
        [
          ['one', 1],
          ['three', 1],
          ['two', 2],
        ],
      )
    })

    it('queue list: of another, and of all, node by node', async () => {
      const other = await run('queue', 'list', '--node', 'two')
      assert.match(other.out, /\n2 messages in 2 workers\n$/)
      assert.equal((await run('queue', '--all')).out.match(/^node \w+$/gm)?.join(), 'node one,node three,node two')
      const { exit, out } = await run('queue', 'list', `domain=${CUSTOMER}`, '--all')
      assert.equal(exit, 0)
      assert.match(out, /\n4 messages on 3 nodes\n$/)
      const rows = JSON.parse((await run('queue', '--all', '--json')).out) as (QueueRow & { node: string })[]
      assert.deepEqual(
        rows.map(({ node }) => node),
        ['one', 'three', 'two', 'two'],
      )
      assert.deepEqual(
        rows
          .filter(({ node }) => node === 'two')
          .map(({ id }) => id)
          .sort(),
        (await rowsOf(two)).map(({ id }) => id).sort(),
      )
    })

    it('queue show: by whoever has the message', async () => {
      const [{ id } = { id: '' }] = await rowsOf(three)
      const all = await run('queue', 'show', id, '--all')
      assert.match(all.out, new RegExp(`^node three\nid +${id}\n[^]*Subject: first three`))
      assert.deepEqual([all.exit, all.err], [0, ''])
      assert.match((await run('queue', 'show', id, '--node', 'three')).out, new RegExp(`^id +${id}\n`))
      const nobody = await run('queue', 'show', 'nothing', '--all')
      assert.deepEqual([nobody.exit, nobody.out], [1, ''])
      for (const name of ['one', 'two', 'three'])
        assert.match(nobody.err, new RegExp(`node ${name}: there is no message nothing`))
      assert.equal((await run('queue', 'show', id, '--node', 'two')).exit, 1)
    })

    it('queue hold, release and drop: on the node that is named, or on all', async () => {
      const held = await run('queue', 'hold', 'all', '--node', 'two')
      assert.deepEqual([held.exit, held.out.split(':')[0]], [0, '2 messages held'])
      assert.deepEqual(await statesOf(two), ['held', 'held'])
      assert.deepEqual([...(await statesOf(one)), ...(await statesOf(three))], ['suspended', 'suspended'])
      // What is not held is left out on the others, and nothing more is said of them.
      const released = await run('queue', 'release', 'all', '--all')
      assert.match(released.out, /^node two: 2 messages released: /m)
      const twos = await rowsOf(two)
      assert.deepEqual(
        twos.map(({ state }) => state),
        ['suspended', 'suspended'],
      )
      const dropped = await run('queue', 'drop', twos[0]?.id ?? '', '--all', '--json')
      const { nodes } = JSON.parse(dropped.out) as { nodes: { node: string; result: { done: number } }[] }
      assert.deepEqual(
        nodes.map(({ node, result }) => [node, result.done]),
        [
          ['one', 0],
          ['three', 0],
          ['two', 1],
        ],
      )
      assert.equal(dropped.exit, 0)
      const nothing = await run('queue', 'send', 'domain=nothing.example', '--all')
      assert.deepEqual([nothing.exit, nothing.out], [1, 'no message matches on one, three, two: nothing was done\n'])
    })

    it('queue send: what the other node has is sent by it', async () => {
      assert.ok(two)
      const [subject = ''] = queued(two.haraka)
      assert.equal((await run('queue', 'send', 'all', '--node', 'two')).exit, 0)
      await site.tookOnce(subject)
      await two.submit(CUSTOMER, 'third two')
    })

    it('etrn: the mail of the node that is named, or of all', async () => {
      const { exit, out } = await run('etrn', CUSTOMER, '--node', 'two')
      assert.deepEqual([exit, out], [0, `1 message for ${CUSTOMER} tried now\n`])
      await site.tookOnce('third two')
      assert.deepEqual([...(await statesOf(one)), ...(await statesOf(three))], ['suspended', 'suspended'])
      assert.equal(
        (await run('etrn', 'nothing.example', '--all')).out,
        'nothing waits for nothing.example on one, three, two\n',
      )
    })

    it('suspend and resume: whichever decides, all keep to it', async () => {
      const { nodes } = JSON.parse((await run('suspend', MOVING, '--node', 'two', '--json')).out) as {
        nodes: { answered: string[] }
      }
      assert.deepEqual(nodes.answered.sort(), ['one', 'three'])
      for (const node of site.nodes) assert.ok(suspends(MOVING)(await node.call('status', {})), node.name)
      const { exit, out } = await run('suspend', MOVING, '--all', '--reason', 'they move')
      assert.deepEqual(
        [exit, out],
        [0, `${MOVING} suspended (they move): no message is waiting here; in force on one, three, two\n`],
      )
      const resumed = await run('resume', MOVING, '--all')
      assert.match(resumed.out, /^moving\.example\.com resumed on one, three, two: /)
      assert.equal(resumed.exit, 0)
    })

    it('route: by the configuration of the node that is named; of all where they differ', async () => {
      assert.ok(two)
      const other = await run('route', 'bob@domain1.com', '--node', 'two')
      assert.match(other.out, /^bob@domain1\.com\n[^]*decided by node two\n$/)
      // Each site keeps its mail in a directory of its own.
      const differ = await run('route', 'bob@domain1.com', '--all')
      assert.equal(differ.exit, 1)
      assert.match(
        differ.out,
        /^node three: not as one\n {2}only there → mailbox bob \(.*\n {2}not there → mailbox bob/m,
      )
      const alike = await run('route', `x@${CUSTOMER}`, '--trusted', '--all')
      assert.match(alike.out, /^nodes one, three, two\nx@customer/)
      assert.match(alike.out, /\ndecided alike by 3 nodes\n$/)
      assert.equal(alike.exit, 0)
    })

    it('of a node that there is not: the names of those that there are', async () => {
      for (const args of [['status'], ['queue', 'drop', 'all'], ['route', 'bob@domain1.com']]) {
        const { exit, out, err } = await run(...args, '--node', 'four')
        assert.deepEqual(
          [exit, out, err],
          [1, '', 'dmail: there is no node four\n       the nodes are one, three, two\n'],
        )
      }
    })

    it('the page shows the nodes, and does on each what it does here', async () => {
      await site.nodes[0].comes(({ cluster }) => cluster?.nodes.every(({ summary }) => summary !== undefined) === true)
      const overview = await read('')
      assert.match(overview, /<h1>Mail on node one<\/h1>/)
      for (const name of ['one', 'two', 'three'])
        assert.match(overview, new RegExp(`<a href="queue\\?node=${name}">${name}</a>`))
      assert.match(overview, /3 nodes up/)
      const list = await read('queue?node=three')
      assert.match(list, /<h1>Queue of node three<\/h1>/)
      const [{ id } = { id: '' }] = await rowsOf(three)
      assert.ok(list.includes(`<a href="message?id=${id}&amp;node=three">${id}</a>`))
      assert.match(await read(`message?id=${id}&node=three`), /Subject: first three/)
      // The same words on another node are about other mail.
      const { headers } = await page.act(cookie, { action: 'hold', filter: 'all', node: 'three', list: '' })
      assert.equal(headers['location'], 'queue?node=three#deeds')
      assert.deepEqual([await statesOf(one), await statesOf(three)], [['suspended'], ['held']])
      assert.match(await read('queue?node=three'), /hold all --node three[^]*1 message held/)
      await page.act(cookie, { action: 'release', filter: id, node: 'three' })
      assert.deepEqual(await statesOf(three), ['suspended'])
      assert.match(await read('route?address=bob@domain1.com&node=two'), /Decided by node two/)
      const live = JSON.parse(await read('live?view=queue&node=three')) as { parts: { list: string } }
      assert.match(live.parts.list, new RegExp(id))
    })

    it('the page does nothing for a node that there is not', async () => {
      assert.match(await read('queue?node=four'), /there is no node four/)
      assert.match(await read('route?address=bob@domain1.com&node=%3Cb%3E'), /there is no node &lt;b&gt;/)
      assert.equal((await page.ask('/dmail/message?id=x&node=four', { headers: { Cookie: cookie } })).status, 404)
      await page.act(cookie, { action: 'hold', filter: 'all', node: 'four' })
      assert.match(await read(''), /hold all --node four[^]*refused: [^]*there is no node four/)
      assert.deepEqual([...(await statesOf(one)), ...(await statesOf(three))], ['suspended', 'suspended'])
      const foreign = {
        'Content-Type': 'application/x-www-form-urlencoded',
        Cookie: cookie,
        Origin: 'http://evil.example',
      }
      const body = 'action=drop&sure=yes&filter=all&node=three'
      assert.equal((await page.ask('/dmail/do', { method: 'POST', headers: foreign, body })).status, 403)
      assert.equal((await statesOf(three)).length, 1)
    })

    it('of a node that hangs: it is named after a while, and the rest is shown', async () => {
      assert.ok(three)
      await three.freeze('all')
      // Side by side: each waits as long as it may.
      const [status, list, suspended] = await Promise.all([
        run('status', '--node', 'three'),
        run('queue', '--all'),
        run('suspend', MOVING, '--all'),
      ])
      three.thaw()
      assert.deepEqual([status.exit, status.out], [1, ''])
      assert.equal(status.err, 'dmail: node three: no answer of three in 15 s\n')
      assert.match(list.out, /; there may be more:\n {2}node three: no answer of three in 15 s\n$/)
      assert.equal(list.exit, 1)
      assert.match(suspended.out, /; in force on one, two; node three did not answer: it /)
      assert.equal(suspended.exit, 1)
      await site.together(...site.nodes)
      await three.comes(suspends(MOVING))
      assert.equal((await run('resume', MOVING, '--all')).exit, 0)
    })

    it('of a node that was killed: it is named, and the rest is shown', async () => {
      assert.ok(one && two && three)
      three.haraka.kill('SIGKILL', 'all')
      await three.haraka.exited()
      // The others notice at once that nobody listens, before it is listed as dead.
      const early = await run('status', '--all')
      assert.match(early.out, /^node three: .*\n2 of 3 nodes: 1 message, /m)
      assert.equal(early.exit, 1)
      await one.comes(({ cluster }) => cluster?.nodes.some(({ node, alive }) => node === 'three' && !alive) === true)
      const list = await run('queue', '--all')
      assert.match(list.out, /\n1 message on 2 nodes; there may be more:\n {2}node three: it is dead since \d+s\n$/)
      assert.equal(list.exit, 1)
      const json = JSON.parse((await run('status', '--all', '--json')).out) as { nodes: object[] }
      const { error, ...rest } = json.nodes[1] as { error: string }
      assert.deepEqual(rest, { node: 'three', hint: '', silent: true })
      assert.match(error, /^it is dead since /)
      const alone = await run('queue', 'drop', 'all', '--node', 'three')
      assert.deepEqual([alone.exit, alone.out], [1, ''])
      assert.match(alone.err, /^dmail: node three: it is dead since \d+s\n$/)
      const suspended = await run('suspend', MOVING, '--all')
      assert.match(suspended.out, /; in force on one, two; node three is dead: it hears of it when it is back\n$/)
      assert.equal(suspended.exit, 1)
      assert.equal((await run('resume', MOVING)).exit, 0)
      const etrn = await run('etrn', 'nothing.example', '--all')
      assert.deepEqual(
        [etrn.exit, etrn.out],
        [1, 'nothing waits for nothing.example on one, two; node three is dead: it may have more\n'],
      )
      assert.match(await read(''), /dead since \d+s/)
      assert.match(await read('queue?node=three'), /node three: it is dead since/)
      assert.equal((await run('queue', 'hold', 'all', '--node', 'two')).exit, 1)
    })

    it('without Redis: this node alone, and why', async () => {
      assert.ok(one && two)
      await site.redis.kill()
      await one.comes(({ cluster }) => cluster?.state === 'away')
      const other = await run('status', '--node', 'two')
      assert.equal(other.exit, 1)
      assert.match(other.err, /^dmail: node two cannot be asked: Redis is away: /)
      assert.equal((await run('status', '--node', 'one')).exit, 0)
      const all = await run('queue', '--all')
      assert.match(
        all.out,
        /\n1 message on 1 node; there may be more:\n {2}no other node could be asked: Redis is away: .*\n$/,
      )
      assert.equal(all.exit, 1)
      const { alone = '' } = JSON.parse((await run('status', '--all', '--json')).out) as { alone?: string }
      assert.match(alone, /^Redis is away: /)
      const suspended = await run('suspend', MOVING, '--all')
      assert.match(
        suspended.out,
        /; in force on one; no other node could be asked \(Redis is away: .*\): each hears of it when it is back\n$/,
      )
      assert.equal(suspended.exit, 1)
      assert.match(await read('queue?node=two'), /node two cannot be asked: Redis is away/)
      await eventually(async () => /This node is alone: Redis is away/.test(await read('')))
    })
  },
)
