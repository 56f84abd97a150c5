import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer, type AddressInfo, type Socket } from 'node:net'
import test, { type TestContext } from 'node:test'
import { moduleChild, type Answer, type ModuleChild } from '../../lib/directory/child.js'
import { fixture, manualClock, recordedLog } from './helpers.js'

const TIMEOUT = 10_000

function startable(t: TestContext, argv: [string, ...string[]]) {
  const clock = manualClock()
  const log = recordedLog()
  const child = moduleChild({ argv, timeoutMs: TIMEOUT, log: log.log, clock, onReady: () => undefined })
  t.after(() => {
    child.close()
  })
  return { child, clock, log }
}

function ask(child: ModuleChild, name: string): Promise<Answer> {
  assert.ok(child.ready(), `not ready for ${name}`)
  return new Promise((resolve) => {
    child.ask(`lookup ${name}`, resolve)
  })
}

function line(answer: Answer): string {
  assert.ok(answer.kind === 'line', JSON.stringify(answer))
  return answer.line
}

function pid(answer: Answer): number {
  return Number(/pid="(\d+)"/.exec(line(answer))?.[1])
}

test('one process answers one command after the other', async (t) => {
  const { child } = startable(t, fixture('module'))
  const first = await ask(child, 'bob')
  assert.match(line(first), /^\+OK bob config 0 pid="\d+" count="1"$/)
  assert.equal(line(await ask(child, 'nobody')), '-ERR no such user')
  assert.equal(line(await ask(child, 'dead')), '-DEAD data base down')
  assert.equal(line(await ask(child, 'data')), '+OK data config')
  assert.equal(line(await ask(child, 'torn')), '+OK torn config')
  const last = await ask(child, 'fred')
  assert.match(line(last), /^\+OK fred .*count="6"$/)
  assert.equal(pid(last), pid(first))
})

test('an answer that is not one costs the process its life, and the next request has a new one', async (t) => {
  const rows: [name: string, detail: RegExp][] = [
    ['crash', /ended with exit status 7/],
    ['garbage', /answered "220 hello"/],
    ['binary', /answered with binary data/],
    ['huge', /a line of more than 16384 bytes/],
    ['endless', /a line of more than 16384 bytes/],
    ['flood', /more than 1000 \+DATA lines/],
  ]
  for (const [name, detail] of rows) {
    await t.test(name, async (each) => {
      const { child, clock } = startable(each, fixture('module'))
      const before = pid(await ask(child, 'bob'))
      const answer = await ask(child, name)
      assert.ok(answer.kind === 'failed', JSON.stringify(answer))
      assert.match(answer.detail, detail)
      assert.ok(!child.ready())
      clock.advance(250)
      const after = await ask(child, 'fred')
      assert.match(line(after), /^\+OK fred .*count="1"$/)
      assert.notEqual(pid(after), before)
    })
  }
})

test('a late answer is not taken for the answer to the next request', async (t) => {
  const { child, clock, log } = startable(t, fixture('module'))
  const late = ask(child, 'late')
  await log.until(/asked for late/)
  clock.advance(TIMEOUT)
  assert.deepEqual(await late, { kind: 'failed', detail: `user module ${process.execPath} gave no answer within 10 s` })
  clock.advance(250)
  assert.match(line(await ask(child, 'bob')), /^\+OK bob /)
})

test('a second line with an answer is not taken for the answer to the next request', async (t) => {
  const { child, clock, log } = startable(t, fixture('module'))
  const [answer, ready] = await new Promise<[Answer, boolean]>((resolve) => {
    child.ask('lookup twice', (given) => {
      resolve([given, child.ready()])
    })
  })
  assert.equal(line(answer), '+OK twice config')
  assert.ok(!ready, 'ready before all of the output was read')
  await log.until(/a line that nobody had asked for/)
  assert.ok(!child.ready())
  clock.advance(250)
  assert.match(line(await ask(child, 'bob')), /^\+OK bob /)
})

test('an answer written just before the end counts', async (t) => {
  const { child, clock, log } = startable(t, fixture('module'))
  assert.equal(line(await ask(child, 'last-words')), '+OK last-words config')
  await log.until(/ended with exit status 0/)
  clock.advance(250)
  assert.match(line(await ask(child, 'bob')), /^\+OK bob /)
})

test('a process killed from outside is replaced', async (t) => {
  const { child, clock, log } = startable(t, fixture('module'))
  const before = pid(await ask(child, 'bob'))
  process.kill(before, 'SIGKILL')
  await log.until(/was ended by SIGKILL/)
  clock.advance(250)
  assert.notEqual(pid(await ask(child, 'bob')), before)
})

test('a process killed from outside while it works fails that request', async (t) => {
  const { child, clock, log } = startable(t, fixture('module'))
  const before = pid(await ask(child, 'bob'))
  const silent = ask(child, 'silent')
  await log.until(/asked for silent/)
  process.kill(before, 'SIGKILL')
  assert.match(JSON.stringify(await silent), /was ended by SIGKILL/)
  clock.advance(250)
  assert.match(line(await ask(child, 'bob')), /^\+OK bob /)
})

test('the pause before a new start doubles from 250 ms to 30 s (U1)', async (t) => {
  const { child, clock } = startable(t, ['/nonexistent/module'])
  for (const pause of [250, 500, 1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000]) {
    const answer = await ask(child, 'bob')
    assert.match(JSON.stringify(answer), /cannot be started.*ENOENT/)
    clock.advance(pause - 1)
    assert.ok(!child.ready(), `ready before ${pause} ms`)
    clock.advance(1)
    assert.ok(child.ready(), `not ready after ${pause} ms`)
  }
})

test('a good answer makes the next pause short again', async (t) => {
  const { child, clock } = startable(t, fixture('module'))
  await ask(child, 'garbage')
  clock.advance(250)
  await ask(child, 'garbage')
  clock.advance(499)
  assert.ok(!child.ready())
  clock.advance(1)
  await ask(child, 'bob')
  await ask(child, 'garbage')
  clock.advance(250)
  assert.ok(child.ready())
})

test('a module that ends at once fails the request and says how', async (t) => {
  const { child } = startable(t, fixture('exits'))
  assert.match(JSON.stringify(await ask(child, 'bob')), /ended with exit status 3/)
})

test('a module in a directory that does not exist cannot be started', async () => {
  const log = recordedLog()
  const options = { argv: fixture('module'), cwd: '/nonexistent/dir', timeoutMs: TIMEOUT, log: log.log }
  const child = moduleChild({ ...options, clock: manualClock(), onReady: () => undefined })
  assert.match(JSON.stringify(await ask(child, 'bob')), /cannot be started in \/nonexistent\/dir/)
  child.close()
})

test('stderr goes to the log, but not all of a flood', async (t) => {
  const { child, clock, log } = startable(t, fixture('module'))
  await ask(child, 'noisy')
  await log.until(/says: trouble 19/)
  assert.equal(line(await ask(child, 'noisy')), '+OK noisy config')
  assert.equal(log.lines.filter((each) => each.includes('says:')).length, 20)
  clock.advance(10_000)
  await ask(child, 'noisy')
  assert.match(await log.until(/earlier lines left out/), /says: .*\(\d+ earlier lines left out\)/)
})

test('close fails the pending request and says exit', async (t) => {
  const { child, log } = startable(t, fixture('module'))
  const silent = ask(child, 'silent')
  await log.until(/asked for silent/)
  child.close()
  assert.deepEqual(await silent, { kind: 'failed', detail: 'the user directory is closed' })
  await log.until(/says: goodbye/)
  await log.until(/debug: .*ended with exit status 0/)
  assert.ok(!child.ready())
})

test('a module that does not heed exit is killed after the grace', async (t) => {
  const { child, clock, log } = startable(t, fixture('stubborn'))
  assert.equal(line(await ask(child, 'bob')), '+OK bob config')
  child.close()
  clock.advance(1_999)
  assert.ok(!log.lines.some((each) => each.includes('killed')))
  clock.advance(1)
  await log.until(/debug: .*was ended by SIGKILL/)
})

test('a late process is killed, even if it heeds nothing', { timeout: 60_000 }, async (t) => {
  const server = createServer().listen(0, '127.0.0.1')
  t.after(() => {
    server.close()
  })
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const { child, clock } = startable(t, [...fixture('stubborn'), String(port)])
  const silent = ask(child, 'silent')
  const [socket] = (await once(server, 'connection')) as [Socket]
  const gone = once(socket.on('error', () => undefined).resume(), 'close')
  clock.advance(TIMEOUT)
  assert.equal((await silent).kind, 'failed')
  await gone
})
