import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import path from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { submit, subjectOf } from '../e2e/outbound-site.js'
import { queueIsEmpty } from '../e2e/site.js'
import type { Haraka } from '../support/haraka.js'
import type { FlushSite } from './flush-site.js'
import { whole, type Random } from './random.js'
import { isRunning } from './site.js'

/** Who dies: one worker of several (or the only one), the master, or everything at once, as in a power cut. */
export type FlushVictim = 'worker' | 'master' | 'all'

/** What has been seen over all rounds. */
export interface FlushTally {
  rounds: number
  kills: number
  /** Kills with some of the messages sent and some not. */
  between: number
  /** Messages the next hop had, with their queue file still there: these alone may come twice. */
  inFlight: number
  twice: number
}

const MESSAGES = 40

/** Rounds of: suspended messages are let go, the server is killed while it sends them, and everything must arrive. */
export function flushing(
  { haraka, hop, letGo }: FlushSite,
  victim: FlushVictim,
  random: Random,
): { readonly tally: FlushTally; round(): Promise<void> } {
  const tally: FlushTally = { rounds: 0, kills: 0, between: 0, inFlight: 0, twice: 0 }
  const excused = new Map<string, number>()

  function copies(): Map<string, number> {
    const counts = new Map<string, number>()
    for (const subject of hop.messages.map(subjectOf)) counts.set(subject, (counts.get(subject) ?? 0) + 1)
    return counts
  }

  /** Kills, and excuses what was in flight. Returns when the dead are replaced, or merely about to be where `again`. */
  async function kill(sent: readonly string[], again: boolean): Promise<void> {
    const mark = haraka.log.length
    const dead = strike(haraka, victim, random)
    // One process alone keeps the names of files it has from the one before.
    const left = queuedSubjects(haraka, victim === 'worker' ? dead : undefined)
    // What the dead had said has to be read to its end.
    await hop.settled()
    const taken = copies()
    for (const subject of left.filter((one) => taken.has(one))) {
      excused.set(subject, (excused.get(subject) ?? 0) + 1)
      tally.inFlight++
    }
    tally.kills++
    const arrived = sent.filter((subject) => taken.has(subject)).length
    if (arrived > 0 && arrived < sent.length) tally.between++
    if (victim === 'worker') {
      if (again) await haraka.waitFor(() => haraka.workers().some((pid) => !known.has(pid)))
      else await haraka.waitForLog(/worker \d+ listening on/, { from: mark })
    } else {
      await haraka.exited()
      await haraka.restart()
    }
  }

  let known = new Set<number>()

  return {
    tally,
    round: async () => {
      const round = ++tally.rounds
      const sent = Array.from({ length: MESSAGES }, (_, n) => `round ${round} message ${n}`)
      for (const subject of sent) await submit(haraka, subject, [`guest@round${round}.example.com`])
      assert.deepEqual(
        [...copies().keys()].filter((subject) => sent.includes(subject)),
        [],
        'suspended',
      )
      // So that many are left, however much later the kill comes.
      const goal = hop.messages.length + whole(random, 0, MESSAGES / 2)
      const before = hop.connections
      letGo(round)
      while (hop.connections === before || hop.messages.length < goal) await pause(1)
      for (let left = whole(random, 1, 3); left > 0; left--) {
        known = new Set(haraka.workers())
        await kill(sent, left > 1)
        // Into the start of what has been started again: it takes over the queue then.
        if (left > 1) await pause(whole(random, 0, 600))
      }
      await haraka.waitFor(() => sent.every((subject) => copies().has(subject)))
      await queueIsEmpty(haraka)
      const counts = copies()
      for (const subject of sent) {
        const count = counts.get(subject) ?? 0
        assert.ok(count <= 1 + (excused.get(subject) ?? 0), `${subject} came ${count} times`)
        if (count > 1) tally.twice++
      }
    },
  }
}

/** Returns the dead when they are dead; they are replaced much later than that. */
function strike(haraka: Haraka, victim: FlushVictim, random: Random): number[] {
  const workers = haraka.workers()
  const one = workers[whole(random, 0, workers.length - 1)]
  const dead = victim === 'worker' && one !== undefined ? [one] : haraka.processes()
  if (victim === 'worker' && one !== undefined) process.kill(one, 'SIGKILL')
  else haraka.kill('SIGKILL', victim === 'master' ? 'master' : 'all')
  // Without their master workers end by themselves.
  const awaited = victim === 'master' ? [haraka.pid] : dead
  while (awaited.some(isRunning)) {
    // A dying process is gone in less than the time a timer takes.
  }
  return dead
}

/** The Subjects of queue files, of all or of these processes. */
function queuedSubjects(haraka: Haraka, pids?: readonly number[]): string[] {
  return haraka
    .queueFiles()
    .filter((file) => pids?.includes(Number(file.split('_')[3])) !== false)
    .flatMap((file) => {
      try {
        const text = readFileSync(path.join(haraka.dir, 'queue', file), 'latin1')
        return [/^Subject: (.*)\r$/m.exec(text)?.[1] ?? '']
      } catch {
        // Sent meanwhile, by one that outlived its master.
        return []
      }
    })
}
