import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import path from 'node:path'
import { test, type TestContext } from 'node:test'
import { startHelper, type Helper } from '../../lib/process/helper.js'
import { tempDir } from '../support/cleanup.js'
import { childrenOf, isAlive } from '../support/processes.js'
import { until } from '../support/wait.js'

const MODULE = JSON.stringify(require.resolve('../../lib/process/helper.js'))

function scriptOf(body: string): string {
  const script = path.join(tempDir('helper'), 'helper.js')
  writeFileSync(script, `const { serveParent } = require(${MODULE})\n${body}\n`)
  return script
}

/** A helper that runs `body`, with `serveParent` at hand; killed after the test. */
function helperOf(t: TestContext, body: string): Helper<unknown, unknown> & { readonly pid: number } {
  const { pid, ...helper } = startHelper<unknown, unknown>(scriptOf(body))
  assert.ok(pid !== undefined)
  t.after(() => {
    if (helper.isAlive()) process.kill(pid, 'SIGKILL')
  })
  return { ...helper, pid }
}

test('a helper answers each question with its own answer, whatever order they are ready in', async (t) => {
  const helper = helperOf(
    t,
    'let first; serveParent(async (n) => n === 1 ? new Promise((done) => { first = done }) : (first("late"), n * 2))',
  )
  assert.deepEqual(await Promise.all([helper.ask(1), helper.ask(2)]), ['late', 4])
})

test('a helper takes bytes as bytes', async (t) => {
  const helper = helperOf(t, 'serveParent(async ({ bytes }) => bytes instanceof Uint8Array && bytes.length)')
  assert.equal(await helper.ask({ bytes: new Uint8Array(5) }), 5)
})

test('a helper that dies fails all that wait, and all that come after', async (t) => {
  const helper = helperOf(t, 'serveParent(async (n) => n === 1 ? new Promise(() => undefined) : process.exit(3))')
  const outcomes = await Promise.allSettled([helper.ask(1), helper.ask(2)])
  assert.deepEqual(
    outcomes.map(({ status }) => status),
    ['rejected', 'rejected'],
  )
  assert.equal(helper.isAlive(), false)
  await assert.rejects(helper.ask(3), /the helper process ended/)
})

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  test(`a helper goes on after ${signal}, which a terminal sends to all processes`, async (t) => {
    const helper = helperOf(t, 'serveParent(async (n) => n)')
    assert.equal(await helper.ask(1), 1)
    process.kill(helper.pid, signal)
    assert.equal(await helper.ask(2), 2)
  })
}

test('a helper ends with its parent, also where that is killed', async () => {
  const helper = JSON.stringify(scriptOf('serveParent(() => new Promise(() => undefined))'))
  const asks = `const { ask, pid } = require(${MODULE}).startHelper(${helper}); ask(1).catch(() => 0); console.log(pid)`
  const parent = spawn(process.execPath, ['-e', asks], { stdio: ['ignore', 'pipe', 'inherit'] })
  const [said] = (await once(parent.stdout, 'data')) as [Buffer]
  const pid = Number(String(said))
  const [helperRef] = childrenOf(parent.pid ?? 0)
  assert.equal(helperRef?.pid, pid)
  parent.kill('SIGKILL')
  await until(() => !isAlive(helperRef), { otherwise: () => `helper ${pid} is still there` })
})

test('a helper without a question keeps its parent from nothing', async () => {
  const helper = JSON.stringify(scriptOf('serveParent(async (n) => n)'))
  const asks = `require(${MODULE}).startHelper(${helper}).ask(7).then((n) => { process.exitCode = n })`
  const [code] = (await once(spawn(process.execPath, ['-e', asks], { stdio: 'inherit' }), 'exit')) as [number]
  assert.equal(code, 7)
})
