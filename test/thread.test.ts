import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import path from 'node:path'
import { test, type TestContext } from 'node:test'
import { startThread, type Thread } from '../lib/thread.js'
import { tempDir } from './support/cleanup.js'

/** A thread that runs `body`, with `serve` at hand; closed after the test. */
function threadOf(t: TestContext, body: string): Thread<unknown, unknown> {
  const script = path.join(tempDir('thread'), 'thread.js')
  writeFileSync(script, `const { serve } = require(${JSON.stringify(require.resolve('../lib/thread.js'))})\n${body}\n`)
  const thread = startThread<unknown, unknown>(script)
  t.after(() => thread.close())
  return thread
}

test('a thread answers each question with its own answer, whatever order they are ready in', async (t) => {
  const thread = threadOf(
    t,
    'let first; serve((n) => n === 1 ? new Promise((done) => { first = done }) : (first?.("late"), n * 2))',
  )
  assert.deepEqual(await Promise.all([thread.ask(1), thread.ask(2)]), ['late', 4])
})

test('a thread that dies fails all that wait, and all that come after', async (t) => {
  const thread = threadOf(t, 'serve((n) => n === 1 ? new Promise(() => undefined) : process.exit(3))')
  const outcomes = await Promise.allSettled([thread.ask(1), thread.ask(2)])
  assert.deepEqual(
    outcomes.map(({ status }) => status),
    ['rejected', 'rejected'],
  )
  assert.equal(thread.isAlive(), false)
  await assert.rejects(thread.ask(3), /the thread ended/)
})

test('what a thread throws is the reason it died of', async (t) => {
  const thread = threadOf(t, 'serve(() => { throw new Error("no room") })')
  await assert.rejects(thread.ask(1), /no room/)
})

test('a promise that rejects in the thread is the reason it died of', async (t) => {
  const thread = threadOf(t, 'serve(() => Promise.reject(new Error("no luck")))')
  await assert.rejects(thread.ask(1), /no luck/)
})
