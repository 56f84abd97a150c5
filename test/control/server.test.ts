import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, lstatSync, readdirSync, readlinkSync, statSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { describe, it } from 'node:test'
import { callServer, ServerRefused, ServerUnreachable } from '../../lib/control/client.js'
import { ClientGone, Refusal } from '../../lib/control/handlers.js'
import type { Coverage, QueueRow } from '../../lib/queue/shown.js'
import type { Progress, Status } from '../../lib/control/protocol.js'
import { tempDir } from '../support/cleanup.js'
import { until, within } from '../support/wait.js'
import { allFrom, longDir, raw, serve } from './support.js'

const STATUS = { pid: 7 } as Status
const status = (): Promise<Status> => Promise.resolve(STATUS)
const COVERAGE: Coverage = { workers: 1, missing: 0, complete: true }
const row = (n: number): QueueRow => ({ id: String(n), reason: 'x'.repeat(200) }) as QueueRow

const isServerFile = (file: string): boolean => lstatSync(file, { throwIfNoEntry: false })?.isSocket() === true

/** What this process has open. */
function openFiles(): string[] {
  return readdirSync('/proc/self/fd').flatMap((fd) => {
    try {
      return [readlinkSync(`/proc/self/fd/${fd}`)]
    } catch {
      // The one the folder itself was read by.
      return []
    }
  })
}

describe('a command', () => {
  it('gets its result', async () => {
    const { dir, server } = await serve({ status })
    assert.deepEqual(await callServer(dir, 'status', {}), STATUS)
    server.close()
  })

  it('gets rows and progress before the result, in order', async () => {
    const { dir, server } = await serve({
      'queue.list': async ({ filter }, talk) => {
        assert.deepEqual(filter, ['domain=example.com'])
        await talk.items([row(1), row(2)])
        await talk.progress({ done: 2, total: 3 })
        await talk.items([row(3)])
        return { ...COVERAGE, count: 3 }
      },
    })
    const heard: (string | Progress)[] = []
    const result = await callServer(
      dir,
      'queue.list',
      { filter: ['domain=example.com'] },
      { item: ({ id }) => heard.push(id), progress: (progress) => heard.push(progress) },
    )
    assert.deepEqual(heard, ['1', '2', { done: 2, total: 3 }, '3'])
    assert.equal(result.count, 3)
    server.close()
  })

  it('that is refused says why and what to do', async () => {
    const { dir, server, logged } = await serve({
      resume: () => Promise.reject(new Refusal('"x y" is not a domain', 'write domain1.com')),
    })
    await assert.rejects(
      callServer(dir, 'resume', { domain: 'x y' }),
      (error) =>
        error instanceof ServerRefused &&
        error.message === '"x y" is not a domain' &&
        error.hint === 'write domain1.com',
    )
    assert.deepEqual(logged, [], 'it is no fault of the server')
    server.close()
  })

  it('that fails by a fault of ours is told so, and the log has it', async () => {
    const { dir, server, logged } = await serve({ status: () => Promise.reject(new Error('out of order')) })
    await assert.rejects(
      callServer(dir, 'status', {}),
      (error) => error instanceof ServerRefused && /log/.test(error.hint),
    )
    assert.match(logged.join('\n'), /^error control socket: Error: out of order/)
    server.close()
  })

  it('whose answer the client does not take waits for it, and is not kept in memory', async () => {
    let written = 0
    const { dir, server } = await serve({
      'queue.list': async (_, talk) => {
        for (; written < 100_000; written += 500)
          await talk.items(Array.from({ length: 500 }, (__, n) => row(written + n)))
        return { ...COVERAGE, count: written }
      },
    })
    const socket = await raw(dir)
    socket.write('{"command":"queue.list","args":{"filter":[]}}\n')
    await once(socket, 'readable')
    // Nothing is read from here on: what the kernel and Node take is a small part.
    for (let before = -1; before !== written;) {
      before = written
      await new Promise((resolve) => setImmediate(resolve))
    }
    assert.ok(written < 20_000, `${written} rows were written`)
    const answers = await allFrom(socket)
    assert.deepEqual([answers.length, answers.at(-1)], [100_001, { result: { ...COVERAGE, count: 100_000 } }])
    server.close()
  })

  it('ends when the client goes away', async () => {
    const gone = new Promise<unknown>((resolve) => {
      serve({
        'queue.list': async (_, talk) => {
          try {
            for (let n = 0; ; n++) {
              await talk.items([row(n)])
              await new Promise((next) => setImmediate(next))
            }
          } catch (error) {
            resolve(error)
            throw error
          }
        },
      })
        .then(async ({ dir }) => {
          const stop = new Error('enough')
          const call = callServer(
            dir,
            'queue.list',
            { filter: [] },
            {
              item: () => {
                throw stop
              },
            },
          )
          await assert.rejects(call, (error) => error === stop)
        })
        .catch(resolve)
    })
    assert.ok((await within(gone, { otherwise: () => 'it goes on' })) instanceof ClientGone)
  })
})

describe('a client that', () => {
  const rows: readonly [what: string, request: string, message: RegExp][] = [
    ['sends no JSON', 'hello\n', /not JSON/],
    ['sends an empty line', '\n', /not JSON/],
    ['names no command', '{}\n', /names no command/],
    ['sends a list', '[1]\n', /names no command/],
    ['names an unknown command', '{"command":"reboot"}\n', /no command "reboot"/],
    ['names something every object has', '{"command":"constructor"}\n', /no command "constructor"/],
    [
      'sends arguments of another kind',
      '{"command":"queue.list","args":{"filter":"all"}}\n',
      /arguments of queue\.list/,
    ],
    ['sends more than there may be', `{"command":"${'x'.repeat(1024 * 1024)}\n`, /too long/],
    ['sends no line end for too long', 'x'.repeat(1024 * 1024 + 1), /too long/],
  ]
  for (const [what, request, message] of rows) {
    it(`${what} is told so`, async () => {
      const { dir, server, logged } = await serve({})
      const socket = await raw(dir)
      socket.write(request)
      const answers = (await allFrom(socket)) as { error: { message: string; hint: string } }[]
      assert.equal(answers.length, 1)
      assert.match(answers[0]?.error.message ?? '', message)
      assert.notEqual(answers[0]?.error.hint, '')
      assert.deepEqual(logged, [])
      server.close()
    })
  }

  it('says nothing is sent away after some time', async () => {
    const { dir, server } = await serve({}, { limits: { idleMs: 20, takeMs: 1000 } })
    const answers = (await allFrom(await raw(dir))) as { error: { message: string } }[]
    assert.match(answers[0]?.error.message ?? '', /in time/)
    server.close()
  })

  it('closes without a word leaves nothing behind', async () => {
    const { dir, server, logged } = await serve({ status })
    for (let n = 0; n < 40; n++) (await raw(dir)).end()
    for (let n = 0; n < 40; n++) (await raw(dir)).destroy()
    assert.deepEqual(await callServer(dir, 'status', {}), STATUS)
    assert.deepEqual(logged, [])
    server.close()
  })

  it('comes when 16 are there already is sent away, and served when one of them has gone', async () => {
    const { dir, server } = await serve({ status })
    const sockets = await Promise.all(Array.from({ length: 16 }, () => raw(dir)))
    await assert.rejects(
      callServer(dir, 'status', {}),
      (error) => error instanceof ServerRefused && /16/.test(error.message),
    )
    const [first] = sockets
    assert.ok(first !== undefined)
    first.write('{"command":"status"}\n')
    assert.deepEqual(await allFrom(first), [{ result: STATUS }])
    let answer: Status | undefined
    // The server sees the end of the other's connection a moment later.
    for (let tries = 0; answer === undefined && tries < 1000; tries++) {
      answer = await callServer(dir, 'status', {}).catch(() => undefined)
    }
    assert.deepEqual(answer, STATUS)
    server.close()
  })
})

describe('the socket', () => {
  it('is for its owner alone, whatever the umask, which stays as it was', async () => {
    const before = process.umask(0)
    try {
      const { dir, server } = await serve({})
      assert.equal(statSync(path.join(dir, 'dmail.sock')).mode & 0o777, 0o600)
      server.close()
    } finally {
      assert.equal(process.umask(before), 0)
    }
  })

  it('goes when the server is closed, and its clients are told', async () => {
    const { dir, server } = await serve({ status: () => new Promise(() => undefined) })
    const call = callServer(dir, 'status', {})
    const other = await raw(dir)
    const refused = assert.rejects(call, ServerUnreachable)
    await new Promise((resolve) => setImmediate(resolve))
    server.close()
    server.close()
    await refused
    // Reset or ended.
    await allFrom(other).catch(() => undefined)
    assert.deepEqual(readdirSync(dir), [])
    await assert.rejects(
      callServer(dir, 'status', {}),
      (error) => error instanceof ServerUnreachable && /no control socket/.test(error.message),
    )
  })

  it('works in a directory with a path longer than a socket address', async () => {
    const dir = longDir()
    const { server } = await serve({ status }, { dir })
    assert.ok(isServerFile(path.join(dir, 'dmail.sock')))
    assert.equal(statSync(path.join(dir, 'dmail.sock')).mode & 0o777, 0o600)
    assert.deepEqual(await callServer(dir, 'status', {}), STATUS)
    await assert.rejects(serve({}, { dir }), /another Haraka serves this directory/)
    server.close()
    assert.deepEqual(readdirSync(dir), [])
    for (let n = 0; n < 5; n++) await assert.rejects(callServer(dir, 'status', {}), ServerUnreachable)
    // They are closed with the socket, a moment later.
    await until(() => !openFiles().includes(dir), { otherwise: () => openFiles().join('\n') })
  })

  it('of a server that is alive is left alone', async () => {
    const { dir, server } = await serve({ status })
    await assert.rejects(serve({}, { dir }), /another Haraka serves this directory/)
    assert.deepEqual(await callServer(dir, 'status', {}), STATUS)
    server.close()
  })

  it('of a server that was killed is replaced', async () => {
    const dir = tempDir('control')
    const script = `require('node:net').createServer().listen(process.argv[1], () => process.kill(process.pid, 'SIGKILL'))`
    const file = path.join(dir, 'dmail.sock')
    await once(spawn(process.execPath, ['-e', script, file], { stdio: 'ignore' }), 'exit')
    assert.ok(isServerFile(file))
    await assert.rejects(
      callServer(dir, 'status', {}),
      (error) => error instanceof ServerUnreachable && /nobody listens/.test(error.message),
    )
    const { server } = await serve({ status }, { dir })
    assert.deepEqual(await callServer(dir, 'status', {}), STATUS)
    server.close()
  })

  it('is not made where something else lies, which stays', async () => {
    const dir = tempDir('control')
    const file = path.join(dir, 'dmail.sock')
    writeFileSync(file, 'precious')
    await assert.rejects(serve({}, { dir }), /is not a socket: remove it/)
    assert.ok(existsSync(file))
  })

  it('that cannot be made is told in words', async () => {
    await assert.rejects(serve({}, { dir: '/nonexistent/haraka' }), /cannot be made \(\w+\): the account/)
    await assert.rejects(serve({}, { dir: `/nonexistent/${'x'.repeat(120)}` }), /cannot be opened \(ENOENT\)/)
    await assert.rejects(callServer(`/nonexistent/${'x'.repeat(120)}`, 'status', {}), ServerUnreachable)
  })
})
