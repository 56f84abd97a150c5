import type { Clock } from '../support/clock.js'
import type { Haraka } from '../support/haraka.js'
import { send } from '../support/smtp.js'
import type { Robots } from './robots.js'
import { note } from './site.js'

/** For tests that say "nothing was done": shows that there was an occasion. */
export interface Ticks {
  /** Lines for dmail.conf. */
  readonly conf: readonly string[]
  /** Moves the clock and resolves when what was due by then has had its turn in every process. */
  passTo(haraka: Haraka, offsetMs: number): Promise<void>
}

const MINUTE_MS = 60_000

/**
 * Each process of Haraka looks once in a second which of its queue files are due. So each is given a robot's work that fails for
 * now and is due again seconds later (D9): when the robot has run again at the new time, that process has looked. `nodes` as in
 * HarakaOptions.
 */
export function makeTicks(clock: Clock, robots: Robots, nodes: number): Ticks {
  const program = robots.program('tick')

  async function passTo(haraka: Haraka, offsetMs: number): Promise<void> {
    robots.setStatus('tick', 75)
    const pids = (): number[] => (nodes === 0 ? [haraka.pid] : haraka.workers())
    const ticks = (): Tick[] =>
      haraka
        .queueFiles()
        .filter((file) => isTick(haraka, file))
        .map(readTick)
    const isWaiting = (pid: number): boolean => ticks().some(({ owner, attempts }) => owner === pid && attempts > 0)
    // Nobody can say which process takes a connection.
    while (!pids().every(isWaiting)) {
      // Nobody is to hear of one that is given up, sysadmin neither.
      const tick = { from: '', to: ['tick@domain1.com'], rcptParams: 'NOTIFY=NEVER', message: note('tick') }
      await send(haraka.port, tick)
      await haraka.waitFor(() => ticks().every(({ attempts }) => attempts > 0), { watch: 'queue' })
    }
    clock.set(offsetMs)
    const then = Date.now() + offsetMs
    // It failed again, or was given up for its age.
    await haraka.waitFor(() => ticks().every(({ dueMs }) => dueMs > then), { watch: 'queue' })
    robots.setStatus('tick', 0)
    clock.set(offsetMs + MINUTE_MS)
    await haraka.waitFor(() => ticks().length === 0, { watch: 'queue' })
  }
  return { conf: [`forward tick@domain1.com |${program}`], passTo }
}

interface Tick {
  readonly owner: number
  readonly attempts: number
  readonly dueMs: number
}

/** From the name of its file (Haraka's outbound/qfile.js). */
function readTick(file: string): Tick {
  const [, dueMs = 0, attempts = 0, owner = 0] = file.split('_').map(Number)
  return { owner, attempts, dueMs }
}

/** A file that goes away while it is looked at is none any more. */
function isTick(haraka: Haraka, file: string): boolean {
  try {
    return haraka.read(`queue/${file}`).includes('Subject: tick\r\n')
  } catch {
    return false
  }
}
