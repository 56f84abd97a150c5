import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { chmodSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { after, before, describe, it } from 'node:test'
import { promisify } from 'node:util'
import { callServer } from '../../lib/control/client.js'
import { shortKey } from '../../lib/cluster/names.js'
import { RESPOND_SOCKET_FILE } from '../../lib/control/protocol.js'
import { STATE_FILE, type OperatorState } from '../../lib/queue/operator-state.js'
import { tempDir } from '../support/cleanup.js'
import { unprivileged } from '../support/daemon.js'
import { installedPackage } from '../support/install.js'
import { withoutRedis } from '../support/redis.js'
import { until } from '../support/wait.js'
import { PASSWORD, plainOf } from './auth-site.js'
import {
  CUSTOMER,
  MOVING,
  OTHER,
  queued,
  startClusterSite,
  suspends,
  type ClusterSite,
  type Node,
} from './cluster-site.js'
import { said } from './etrn-site.js'
import { codes, session } from './site.js'

for (const { version, workers } of [
  { version: '3.3', workers: 2 },
  { version: '3.1', workers: 1 },
] as const) {
  describe(`Haraka ${version}: three nodes, one of them with ${workers} workers`, { skip: withoutRedis() }, () => {
    let site: ClusterSite
    let [one, two, three]: Node[] = []
    before(async () => {
      site = await startClusterSite({
        version,
        workers,
        etrn: 'rate=1/10m',
        conf: ['forward_from_ip 127.0.0.1', 'forward_user true', 'fromip_max 3', 'fromip_nolimit 127.0.0.1,127.0.0.2'],
        ini: '[auth]\nfailure_delay=0s\nip_failures=3/10m\n',
      })
      ;[one, two, three] = site.nodes
      await site.together(...site.nodes)
    })
    after(() => site.close())

    it('what is suspended on one is kept on all; what is resumed on another is sent by all', async () => {
      assert.ok(one && two && three)
      const { suspension, nodes } = await one.call('suspend', { domain: MOVING, reason: 'they move' })
      assert.equal(suspension.domain, MOVING)
      assert.deepEqual([...(nodes?.answered ?? [])].sort(), ['three', 'two'])
      assert.deepEqual(nodes?.silent, [])
      for (const node of site.nodes) {
        assert.ok(suspends(MOVING)(await node.call('status', {})), node.name)
        await node.submit(MOVING, `move ${node.name} 1`, `move ${node.name} 2`)
        await node.submit(OTHER, `go ${node.name}`)
      }
      await site.tookOnce('go one', 'go three', 'go two')
      for (const { haraka } of site.nodes) assert.equal(queued(haraka).length, 2)
      assert.equal((await three.call('resume', { domain: MOVING })).resumed, true)
      await site.tookOnce(...['one', 'two', 'three'].flatMap((name) => [`move ${name} 1`, `move ${name} 2`]))
      assert.equal(suspends(MOVING)(await one.call('status', {})), false)
    })

    it('what is held on one is known on all, for the day its queue is theirs', async () => {
      assert.ok(one && two && three)
      const held = ({ haraka }: Node): string[] =>
        haraka.exists(STATE_FILE) ? (JSON.parse(haraka.read(STATE_FILE)) as OperatorState).held.slice() : []
      await one.submit(CUSTOMER, 'held one')
      await one.call('queue.hold', { filter: [`domain=${CUSTOMER}`] })
      assert.equal(held(one).length, 1)
      // Another's decision does not tidy up what is in no queue there.
      await two.call('queue.hold', { filter: ['domain=nothing.example.com'] })
      await two.call('suspend', { domain: 'tidy.example' })
      await two.call('resume', { domain: 'tidy.example' })
      for (const node of site.nodes) assert.deepEqual(held(node), held(one), node.name)
      await one.call('queue.drop', { filter: [`domain=${CUSTOMER}`] })
      for (const node of site.nodes) assert.deepEqual(held(node), [], node.name)
    })

    it('ETRN to one has the mail of all sent, once, and counts it; its rate is that of all', async () => {
      assert.ok(one && two && three)
      const subjects = site.nodes.flatMap(({ name }) => [`etrn ${name} 1`, `etrn ${name} 2`])
      for (const node of site.nodes) {
        await node.submit(CUSTOMER, ...subjects.filter((subject) => subject.includes(node.name)))
      }
      assert.equal(said(await two.etrn(CUSTOMER)), `253 6 pending messages for node ${CUSTOMER} started`)
      await site.tookOnce(...subjects)
      for (const node of [one, two, three]) assert.match(said(await node.etrn(CUSTOMER)), /^458 /)
      // No rate counts for an operator.
      assert.deepEqual((await three.call('etrn', { node: CUSTOMER })).nodes?.silent, [])
    })

    it('failed logins are counted over all', async () => {
      const logIn = (node: Node, password: string): Promise<string> =>
        session(node.haraka.port, { localAddress: '127.0.0.11' }, async (client) =>
          codes(await client.command(`AUTH PLAIN ${plainOf('bob', password)}`)),
        )
      for (const node of site.nodes) assert.equal(await logIn(node, 'guess'), '535 5.7.8')
      // Whoever failed has the answer before it is counted elsewhere.
      const counted = (): string => site.redis.command('ZCARD', `dmail:rate:auth.ip:${shortKey('127.0.0.11')}`)
      await until(() => counted() === '3', { otherwise: () => `${counted()} are counted` })
      for (const node of site.nodes) assert.equal(await logIn(node, PASSWORD), '454 4.7.0')
    })

    it('so are messages of one client', async () => {
      const mail = (node: Node): Promise<number> =>
        session(node.haraka.port, { localAddress: '127.0.0.12' }, async (client) => {
          return (await client.mail('ann@example.com')).code
        })
      for (const node of site.nodes) assert.equal(await mail(node), 250)
      for (const node of site.nodes) assert.equal(await mail(node), 450)
    })

    it('status names the nodes and what they have', async () => {
      assert.ok(one && two)
      await one.comes(({ cluster }) => cluster?.nodes.every(({ summary }) => summary !== undefined) === true)
      const { cluster } = await one.call('status', {})
      const summaries = (cluster?.nodes ?? []).map(({ node, summary }) => [node, summary?.pid])
      assert.deepEqual(new Map(summaries as [string, number][]).get('two'), two.haraka.pid)
    })

    it('drespond answers a sender once, on whichever node', async () => {
      assert.ok(one && two)
      const memory = tempDir('memory')
      chmodSync(memory, 0o777)
      const text = path.join(memory, 'away.txt')
      writeFileSync(text, 'Subject: Away\n\nI am away.\n')
      const answer = (node: Node): Promise<string> =>
        respond(node, ['--memory', path.join(memory, node.name), '--sender', 'friend@away.example.com', text])
      assert.match(await answer(one), /^answered friend@away\.example\.com/)
      assert.match(await answer(two), /^no answer: friend@away\.example\.com was answered before/)
      await site.tookOnce('Away')
      // What it may ask is nothing else.
      const status = callServer(one.haraka.dir, 'status', {}, {}, { socketFile: RESPOND_SOCKET_FILE })
      await assert.rejects(status, /for drespond/)
    })

    it('reload and clear-cache are for all, and say who answered', async () => {
      assert.ok(one && two)
      const { nodes: cleared } = await one.call('clear-cache', {})
      assert.deepEqual([...(cleared?.answered ?? [])].sort(), ['three', 'two'])
      two.haraka.write('config/dmail.conf', `${two.haraka.read('config/dmail.conf')}\nmax_rcpts never\n`)
      const { reloaded, nodes, notReloaded = [] } = await one.call('reload', {})
      assert.equal(reloaded, true)
      assert.deepEqual([...(nodes?.answered ?? [])].sort(), ['three', 'two'])
      assert.deepEqual(
        notReloaded.map(({ node }) => node),
        ['two'],
      )
    })
  })
}

/** Runs drespond as robots do, for a message to bob. */
async function respond({ haraka }: Node, args: readonly string[]): Promise<string> {
  const installed = await installedPackage()
  for (const directory of [installed, haraka.dir]) chmodSync(directory, 0o755)
  const program = path.join(installed, 'node_modules/haraka-plugin-dmail/dist/bin/drespond.js')
  const all = ['-c', haraka.dir, '--recipient', 'bob@domain1.com', '--smtp', `127.0.0.1:${haraka.port}`, ...args]
  const child = promisify(execFile)(process.execPath, [program, ...all], { ...unprivileged('nobody'), cwd: '/' })
  child.child.stdin?.end('From: friend@away.example.com\nTo: bob@domain1.com\nSubject: Hello\n\nHi.\n')
  return (await child).stdout
}
