import assert from 'node:assert/strict'
import { rmSync, statSync } from 'node:fs'
import { after, before, describe, it } from 'node:test'
import { callServer, ServerRefused, ServerUnreachable } from '../../lib/control/client.js'
import type { Progress } from '../../lib/control/protocol.js'
import { eventually } from '../support/wait.js'
import { SETUPS, setupName, startControlSite, type ControlSite } from './control-site.js'

for (const setup of SETUPS) {
  describe(`queue commands, ${setupName(setup)}`, () => {
    let on: ControlSite
    before(async () => {
      on = await startControlSite(setup)
    })
    after(() => on.close())

    const arrived = (): string[] =>
      on.nextHop.messages.flatMap(({ rcpts }) => rcpts.map(({ address }) => address)).sort()

    it('is for the account of the server alone', () => {
      const { mode } = statSync(`${on.haraka.dir}/dmail.sock`)
      assert.equal(mode & 0o777, 0o600)
    })

    it('lists what waits in every process, with all there is to say', async () => {
      const many = Array.from({ length: 12 }, (_, n) => `user${n}@off.example.com`)
      await on.submit(...many)
      const rows = await on.listed(12, 'suspended')
      assert.deepEqual(rows.map(({ recipients }) => recipients[0]).sort(), [...many].sort())
      assert.equal(on.nextHop.connections, 0)
      const [row] = rows
      assert.deepEqual(
        { ...row, id: '', uuid: '', recipients: [], bytes: 0, arrivedMs: 0 },
        {
          id: '',
          uuid: '',
          domain: 'off.example.com',
          sender: 'fred@domain1.com',
          recipients: [],
          bytes: 0,
          arrivedMs: 0,
          attempts: 0,
          state: 'suspended',
          reason: '',
          kind: 'remote',
          suspension: row?.suspension,
        },
      )
      assert.match(row?.suspension?.at ?? '', /^dmail\.conf:\d+/)
      assert.ok((row?.bytes ?? 0) > 100)
      if (setup.processes > 1) {
        const pids = new Set<number>()
        for (const { id } of rows) pids.add((await on.call('queue.show', { id })).pid)
        assert.ok(pids.size > 1, 'more than one worker has mail')
      }
    })

    it('finds them by each word of the filter', async () => {
      const [row] = await on.list('to=user7@*')
      assert.ok(row !== undefined)
      for (const filter of [[row.id], [`id=${row.id}`], [row.uuid], ['from=fred@*', 'to=user7@off.example.com']]) {
        assert.deepEqual(await on.list(...filter), [row], filter.join(' '))
      }
      assert.equal((await on.list('domain=OFF.example.com')).length, 12)
      assert.equal((await on.list('domain=*.off.example.com')).length, 0)
      assert.equal((await on.list('older=1h')).length, 0)
      await assert.rejects(
        on.call('queue.list', { filter: ['color=blue'] }),
        (error) => error instanceof ServerRefused && /color=blue/.test(error.message) && error.hint.includes('domain='),
      )
    })

    it('shows one with its header section', async () => {
      const [row] = await on.list('to=user3@*')
      const detail = await on.call('queue.show', { id: row?.uuid ?? '' })
      assert.equal(detail.id, row?.id)
      assert.match(detail.headers, /^Subject: user3$/m)
      assert.doesNotMatch(detail.headers, /At noon/)
      assert.ok(on.haraka.queueFiles().includes(detail.file))
      await assert.rejects(on.call('queue.show', { id: 'nothing0' }), /there is no message nothing0 in the queue/)
    })

    it('actions without a filter are refused', async () => {
      for (const command of ['queue.send', 'queue.hold', 'queue.release', 'queue.drop'] as const) {
        await assert.rejects(
          on.call(command, { filter: [] }),
          (error) => error instanceof ServerRefused && /"all"/.test(error.hint),
        )
      }
    })

    it('send: sends what is suspended; held messages stay, also when ETRN comes', async () => {
      const held = await on.call('queue.hold', { filter: ['to=user0@*,user1@*'] })
      assert.deepEqual([held.done, held.skipped], [2, 0])
      const progress: Progress[] = []
      const sent = await callServer(
        on.haraka.dir,
        'queue.send',
        { filter: ['to=user0@*,user2@*'] },
        { progress: (step) => progress.push(step) },
      )
      assert.deepEqual([sent.done, sent.skipped, sent.examples[0]?.why], [1, 1, 'is held: release it first'])
      assert.deepEqual(progress.at(-1), { done: 12, total: 12 })
      await on.nextHop.waitForMessage(1)
      const flushed = await on.call('etrn', { node: '@example.com' })
      assert.deepEqual(flushed, { count: 9, running: false, complete: true, workers: setup.processes, missing: 0 })
      await on.nextHop.waitForMessage(10)
      await on.listed(2, 'held')
      assert.equal(arrived().length, 10)
      assert.ok(!arrived().includes('user0@off.example.com') && !arrived().includes('user1@off.example.com'))
    })

    it('holds survive a restart, and the death of every worker', async () => {
      const rows = await on.list()
      await on.haraka.restart()
      assert.deepEqual((await on.listed(2, 'held')).map(({ id }) => id).sort(), rows.map(({ id }) => id).sort())
      if (setup.nodes === 0) return
      const before = on.haraka.workers()
      on.haraka.kill('SIGKILL', 'workers')
      // Answers say what is missing until all are back.
      await eventually(async () => {
        const { workers, missing, complete, held } = await on.call('status', {})
        return workers === setup.processes && missing === 0 && complete && held === 2
      })
      assert.ok(on.haraka.workers().every((pid) => !before.includes(pid)))
      assert.deepEqual((await on.listed(2, 'held')).map(({ id }) => id).sort(), rows.map(({ id }) => id).sort())
    })

    it('release: those it is about are held no more, and wait for what else keeps them', async () => {
      const [first] = await on.list('to=user0@*')
      const released = await on.call('queue.release', { filter: [first?.id ?? ''] })
      assert.deepEqual([released.done, released.skipped], [1, 0])
      assert.equal((await on.list('to=user0@*'))[0]?.state, 'suspended')
      const again = await on.call('queue.release', { filter: [first?.id ?? ''] })
      assert.deepEqual([again.done, again.examples], [0, [{ id: first?.id, why: 'is not held' }]])
    })

    it('drop: removed without a word to the sender', async () => {
      const dropped = await on.call('queue.drop', { filter: ['to=user0@*,user1@*'] })
      assert.deepEqual([dropped.done, dropped.skipped], [2, 0])
      assert.deepEqual(on.haraka.queueFiles(), [])
      assert.deepEqual(await on.list(), [])
      assert.equal((await on.call('status', {})).held, 0)
      assert.deepEqual(JSON.parse(on.haraka.read('dmail-state.json')), { version: 1, suspensions: [], held: [] })
      assert.deepEqual(on.site.mail('fred'), [])
    })

    it('while what was decided cannot be read nothing leaves, and nothing is written over it', async () => {
      const connections = on.nextHop.connections
      on.haraka.write('dmail-state.json', '{"version":1,"susp')
      await on.haraka.restart()
      await on.submit('user@on.example.com')
      const [row] = await on.listed(1, 'suspended')
      assert.equal(row?.suspension?.reason, 'dmail-state.json is damaged')
      await assert.rejects(on.call('suspend', { domain: 'on.example.com' }), /dmail-state\.json is damaged/)
      assert.equal(on.haraka.read('dmail-state.json'), '{"version":1,"susp')
      assert.equal(on.nextHop.connections, connections)
      rmSync(`${on.haraka.dir}/dmail-state.json`)
      await on.haraka.restart()
      await on.listed(0, 'waiting')
      assert.equal(on.nextHop.connections, connections + 1)
    })

    it('for other nodes are refused: there are none', async () => {
      for (const where of ['all', { node: 'mail2' }] as const) {
        await assert.rejects(
          callServer(on.haraka.dir, 'queue.drop', { filter: ['all'] }, {}, { on: where }),
          (error) => {
            assert.ok(error instanceof ServerRefused)
            assert.match(error.message, /is not one node of several/)
            assert.match(error.hint, /\[cluster\] redis/)
            return true
          },
        )
      }
    })

    it('a directory without a running server is said to be one', async () => {
      await assert.rejects(callServer(on.site.dir, 'status', {}), ServerUnreachable)
    })
  })
}
