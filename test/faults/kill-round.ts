import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { setTimeout as pause } from 'node:timers/promises'
import { queueIsEmpty } from '../e2e/site.js'
import type { Haraka } from '../support/haraka.js'
import { PLACES, type KillSite } from './kill-site.js'
import { stopInMidWrite } from './mid-write.js'
import { whole, type Random } from './random.js'
import { isRunning } from './site.js'
import { LARGE_PLACE, letterMaker, ROBOT, sendLetters, type Letter } from './traffic.js'
import { lookAtWreck, movedAside, type Wreck } from './wreck.js'

/** Who dies: the worker, which the master replaces, or everything at once, as in a power cut. */
export type Victim = 'workers' | 'all'

/** What has been seen over all rounds. */
export interface Tally {
  rounds: number
  acknowledged: number
  inFlight: number
  queued: number
  locks: number
  torn: number
}

export interface Killing {
  readonly tally: Tally
  /** One kill under load, and all that must be true afterwards. Throws with what is needed to look into it. */
  round(): Promise<void>
}

/** Rounds on one site; every letter of the rounds before is looked for again in each. */
export function killing(running: KillSite, victim: Victim, random: Random): Killing {
  const { haraka, site } = running
  const letters = letterMaker(random)
  const acknowledged = new Map<string, Letter>()
  /** Letters that may be there twice: without an answer, or in the queue, when the server died. */
  const excused = new Set<string>()
  const tally: Tally = { rounds: 0, acknowledged: 0, inFlight: 0, queued: 0, locks: 0, torn: 0 }
  let before = new Map<string, Buffer>()

  const remember = (letter: Letter): void => {
    acknowledged.set(letter.id, letter)
  }

  async function load(): Promise<{ again: Letter[]; wreck: Wreck }> {
    const mark = haraka.log.length
    const last = whole(random, 1, 80)
    const delay = whole(random, 0, 12)
    const until = acknowledged.size + last
    let wreck: Wreck | undefined
    const rush: Letter[] = []
    const strike = async (): Promise<void> => {
      // Chance seldom meets a write: every other kill is aimed at a letter that is written in pieces.
      if (tally.rounds % 2 === 0) await duringLargeWrite(rush)
      else await pause(delay)
      killAndWait(haraka, victim)
      wreck = lookAtWreck(running)
      await recover(mark)
    }
    let struck: Promise<void> | undefined
    let abandon: (reason: Error) => void = () => undefined
    const abandoned = new Promise<never>((_resolve, reject) => {
      abandon = reject
    })
    abandoned.catch(() => undefined)
    const { again, wrong } = await sendLetters(haraka.port, {
      next: () => (wreck === undefined ? (rush.shift() ?? letters.any()) : undefined),
      acknowledged: (letter) => {
        remember(letter)
        if (acknowledged.size < until || struck !== undefined) return
        struck = strike()
        struck.then(() => {
          abandon(new Error('the server is another one now'))
        }, abandon)
      },
      abandoned,
    })
    await struck
    assert.deepEqual(wrong, [])
    assert.ok(wreck !== undefined, 'the server was killed')
    return { again, wreck }
  }

  /** Returns when a large letter is half written, and stays so. */
  async function duringLargeWrite(rush: Letter[]): Promise<void> {
    await stopInMidWrite(haraka, site.path(LARGE_PLACE), () => {
      const large = letters.large()
      rush.push(large)
      return () => acknowledged.has(large.id)
    })
  }

  async function recover(mark: number): Promise<void> {
    if (victim === 'workers') {
      await haraka.waitForLog(/worker \d+ listening on/, { from: mark })
    } else {
      await haraka.exited()
      await haraka.restart()
    }
  }

  /** Everything without an answer again, and a letter to each place: none of it waits for a lock that was left behind. */
  async function sendRest(again: readonly Letter[]): Promise<void> {
    const rest = [...again, ...letters.toEach()]
    const more = await sendLetters(haraka.port, { next: () => rest.shift(), acknowledged: remember })
    assert.deepEqual(more, { again: [], wrong: [] })
    assertCopies((place) => place !== ROBOT, 'on its 250')
    await queueIsEmpty(haraka)
    assertCopies(() => true, 'when the queue is empty')
  }

  function assertCopies(concerns: (place: string) => boolean, when: string): void {
    const wrong: string[] = []
    for (const place of [...PLACES, ROBOT].filter(concerns)) {
      const counts = new Map<string, number>()
      for (const id of running.idsIn(place)) counts.set(id, (counts.get(id) ?? 0) + 1)
      for (const { id, copies } of acknowledged.values()) {
        const count = counts.get(id) ?? 0
        if (!copies.includes(place)) continue
        if (count === 0) wrong.push(`${place} lacks ${id} ${when}`)
        if (count > 1 && !excused.has(id)) wrong.push(`${place} has ${count} of ${id} ${when}`)
      }
      const strange = [...counts.keys()].filter((id) => acknowledged.get(id)?.copies.includes(place) !== true)
      wrong.push(...strange.map((id) => `${place} has ${id}, which does not belong there`))
    }
    assert.deepEqual(wrong, [])
  }

  function assertOldBytes(): void {
    const now = new Map(PLACES.map((place) => [place as string, readFileSync(site.path(place))]))
    for (const [place, bytes] of before) {
      assert.ok(now.get(place)?.subarray(0, bytes.length).equals(bytes), `${place}: what was there has changed`)
    }
    before = now
  }

  return {
    tally,
    round: async () => {
      const aside = new Map(PLACES.map((place) => [place as string, movedAside(running, place).length]))
      const { again, wreck } = await load()
      for (const { id } of again) excused.add(id)
      for (const id of wreck.queued) excused.add(id)
      assert.deepEqual(wreck.mute, [], 'every lock names its holder')
      await sendRest(again)
      assertOldBytes()
      for (const place of PLACES) {
        const from = wreck.torn.get(place)
        const moved = movedAside(running, place).slice(aside.get(place))
        const expected = from === undefined ? [] : [wreck.content.get(place)?.subarray(from)]
        assert.deepEqual(moved, expected, `${place}: torn bytes are moved aside, and no others`)
        assert.ok(!site.files().includes(`${place}.lock`), `${place}: the lock is gone`)
      }
      tally.rounds++
      tally.acknowledged = acknowledged.size
      tally.inFlight += again.length
      tally.queued += wreck.queued.size
      tally.locks += wreck.locked.length
      tally.torn += wreck.torn.size
    },
  }
}

/** Returns when it is dead; what it left is looked at before a new worker, which takes longer to start, can touch it. */
function killAndWait(haraka: Haraka, victim: Victim): void {
  const victims = victim === 'all' ? haraka.processes() : haraka.workers()
  haraka.kill('SIGKILL', victim)
  while (victims.some(isRunning)) {
    // A dying process is gone in less than the time a timer takes.
  }
}
