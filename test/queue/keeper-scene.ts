import assert from 'node:assert/strict'
import { after, before, beforeEach, mock } from 'node:test'
import { setImmediate as turn } from 'node:timers/promises'
import { makeScene, type Message, type Scene } from './scene.js'

export const HOUR = 3_600_000
export const YEAR = 365 * 24 * HOUR

/** A fresh scene for each test, and what many tests begin with. */
export interface KeeperScene {
  readonly scene: Scene
  /** Messages of an earlier process, due in an hour, of which the headers are known. */
  waiting(...domains: string[]): Promise<Message[]>
  /** Every header that was asked for is known. */
  known(): Promise<void>
  /** A message whose attempt is under way. */
  sent(domain: string): Promise<Message>
  timersOf(message: Message): number
}

/** To be called inside `describe`. The clock is the scene's. */
export function useScene(): KeeperScene {
  let scene: Scene | undefined
  const now = (): Scene => {
    assert.ok(scene !== undefined, 'there is a scene in tests only')
    return scene
  }
  before(() => {
    mock.timers.enable({ apis: ['Date'] })
  })
  after(() => {
    mock.timers.reset()
  })
  beforeEach(() => {
    scene = makeScene((nowMs) => {
      mock.timers.setTime(nowMs)
    })
  })

  const known = async (): Promise<void> => {
    while (!now().keeper.isComplete()) await turn()
  }
  const waiting = async (...domains: string[]): Promise<Message[]> => {
    const messages = domains.map((domain) => now().existing(domain, HOUR))
    await known()
    return messages
  }
  return {
    get scene() {
      return now()
    },
    known,
    waiting,
    sent: async (domain) => {
      const [message] = await waiting(domain)
      assert.ok(message !== undefined)
      now().pass(HOUR)
      await now().load()
      assert.deepEqual(now().begin(), { kind: 'try' })
      return message
    },
    timersOf: ({ id }) => [...now().timers.keys()].filter((file) => file.includes(id.slice(-6))).length,
  }
}
