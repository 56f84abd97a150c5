import assert from 'node:assert/strict'
import test from 'node:test'
import { inOrder } from '../../authent/in-order.js'

/** Commands that are answered when told to. */
function scene(width: number) {
  const begun: string[] = []
  const emitted: string[] = []
  const open = new Map<string, () => void>()
  const commands = inOrder<string>({
    width,
    alone: (line) => line.startsWith('set'),
    answer: (line) => {
      begun.push(line)
      return new Promise((resolve) => {
        open.set(line, () => {
          resolve(line)
        })
      })
    },
    emit: (answer) => emitted.push(answer),
  })
  return {
    begun,
    emitted,
    commands,
    add: (...lines: string[]) => {
      for (const line of lines) commands.add(line)
      return turn()
    },
    ready: (line: string) => {
      open.get(line)?.()
      return turn()
    },
  }
}

/** Lets every promise that is settled have its say. */
function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}

test('answers come in the order of the commands, whichever is ready first', async () => {
  const { add, ready, emitted, commands } = scene(3)
  await add('a', 'b', 'c')
  await ready('c')
  await ready('b')
  assert.deepEqual(emitted, [])
  assert.equal(commands.waiting(), 3)
  await ready('a')
  assert.deepEqual(emitted, ['a', 'b', 'c'])
  assert.equal(commands.waiting(), 0)
  await commands.idle()
})

test('only so many are under way at once', async () => {
  const { add, ready, begun } = scene(2)
  await add('a', 'b', 'c', 'd')
  assert.deepEqual(begun, ['a', 'b'])
  await ready('b')
  assert.deepEqual(begun, ['a', 'b', 'c'])
  await ready('a')
  assert.deepEqual(begun, ['a', 'b', 'c', 'd'])
})

test('a change waits for all before it, and all after it for the change', async () => {
  const { add, ready, begun, emitted } = scene(8)
  await add('a', 'b', 'set', 'c')
  assert.deepEqual(begun, ['a', 'b'])
  await ready('b')
  assert.deepEqual(begun, ['a', 'b'])
  await ready('a')
  assert.deepEqual(begun, ['a', 'b', 'set'])
  await ready('set')
  assert.deepEqual(begun, ['a', 'b', 'set', 'c'])
  await ready('c')
  assert.deepEqual(emitted, ['a', 'b', 'set', 'c'])
})
