import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { createSlots } from '../../lib/delivery/slots.js'

/** Lets everything run that waits for nothing but its turn. */
function turn(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve)
  })
}

describe('places for robots', () => {
  it('are limited for one program and altogether, and nobody waits behind another program\u2019s limit', async () => {
    const slots = createSlots({ max: 3, perProgram: 2 })
    const begun: string[] = []
    const ask = (name: string): Promise<() => void> =>
      slots.take(`/${name.charAt(0)}`).then((release) => {
        begun.push(name)
        return release
      })
    const [first] = ['a1', 'a2', 'a3', 'b1', 'a4', 'b2'].map(ask)
    await turn()
    assert.deepEqual(begun, ['a1', 'a2', 'b1'])
    assert.equal(slots.inUse(), 3)
    assert.deepEqual(slots.usage(), [
      { program: '/a', running: 2, waiting: 2 },
      { program: '/b', running: 1, waiting: 1 },
    ])
    const release = await first
    release?.()
    // A place is given back once.
    release?.()
    await turn()
    assert.deepEqual(begun, ['a1', 'a2', 'b1', 'a3'])
    assert.equal(slots.inUse(), 3)
  })

  it('are never exceeded, never lost and never kept from who could run', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.oneof(fc.constantFrom('/a', '/b', '/c'), fc.nat(5))), async (steps) => {
        const slots = createSlots({ max: 4, perProgram: 2 })
        const held: { program: string; release: () => void }[] = []
        const waiting: string[] = []
        const ofProgram = (program: string): number => held.filter((place) => place.program === program).length
        const ask = async (program: string): Promise<void> => {
          waiting.push(program)
          const release = await slots.take(program)
          waiting.splice(waiting.indexOf(program), 1)
          held.push({ program, release })
        }
        const asked: Promise<void>[] = []
        for (const step of steps) {
          if (typeof step === 'number') held.splice(step, 1)[0]?.release()
          else asked.push(ask(step))
          await turn()
          assert.equal(slots.inUse(), held.length)
          assert.ok(held.length <= 4 && held.every(({ program }) => ofProgram(program) <= 2))
          assert.ok(held.length === 4 || waiting.every((program) => ofProgram(program) === 2))
        }
        while (held.length > 0) {
          held.pop()?.release()
          await turn()
        }
        await Promise.all(asked)
        assert.equal(slots.inUse(), 0)
      }),
    )
  })
})
