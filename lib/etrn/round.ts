import type { Clock } from '../clock.js'
import type { Log } from '../log.js'
import type { Asked } from './client.js'
import type { Program } from './program.js'
import { targetText, type Command, type RasSettings } from './settings.js'

/** What a round does to the outside. */
export interface RoundWorld {
  readonly clock: Clock
  readonly log: Log
  readonly find: (command: Command) => Promise<Program | { readonly missing: string }>
  readonly ask: (ras: RasSettings, signal: AbortSignal) => Promise<Asked>
  /** Told as soon as it is known what the provider said, before the line is closed. */
  readonly answered: (asked: Asked) => void
  /** What closes the line if this process has to end now; undefined once that is not needed. */
  readonly lineIsOpen: (hangup: Program | undefined) => void
}

/** A line that was just opened may need some time before anybody can be reached over it. */
const PATIENCE_MS = 60_000
const RETRY_MS = 3_000

/**
 * One round of asking the provider for mail (Q8): open the line, ETRN, give the provider time to bring the mail, close the line.
 * A line is closed whenever ras_dial was started, with success or not: a line left open may cost money. `signal` cuts it short;
 * the line is closed then too. Never rejects for what fails outside.
 */
export async function runRound(ras: RasSettings, world: RoundWorld, signal: AbortSignal): Promise<void> {
  if (ras.dial === undefined) {
    tell(ras, world, await world.ask(ras, signal))
    return
  }
  const hangup = ras.hangup === undefined ? undefined : await world.find(ras.hangup)
  const dial = await world.find(ras.dial)
  if ('missing' in dial) {
    notDialled(ras, world, dial.missing)
    return
  }
  // Found before the line is opened: nothing would close it.
  if (hangup !== undefined && 'missing' in hangup) {
    notDialled(ras, world, hangup.missing)
    return
  }
  world.lineIsOpen(hangup)
  try {
    await overTheLine(ras, world, dial, hangup, signal)
  } finally {
    world.lineIsOpen(undefined)
  }
}

async function overTheLine(
  ras: RasSettings,
  world: RoundWorld,
  dial: Program,
  hangup: Program | undefined,
  signal: AbortSignal,
): Promise<void> {
  world.log('info', `ETRN: opening the line with ${dial.name}`)
  const dialled = await dial.run()
  if (!dialled.ok) {
    notDialled(ras, world, `ras_dial: ${dialled.text}`)
    if (!dialled.started) return
  } else {
    const asked = await askPatiently(ras, world, signal)
    tell(ras, world, asked)
    if (hangup !== undefined && bringsMail(asked)) await pause(world.clock, ras.hangupAfterMs, signal)
  }
  if (hangup === undefined) return
  const closed = await hangup.run()
  if (closed.ok) world.log('info', `ETRN: the line was closed with ${hangup.name}`)
  else world.log('error', `ETRN: the line may be open still: ras_hangup: ${closed.text}`)
}

async function askPatiently(ras: RasSettings, world: RoundWorld, signal: AbortSignal): Promise<Asked> {
  const { clock } = world
  const until = clock.now() + PATIENCE_MS
  for (;;) {
    const asked = await world.ask(ras, signal)
    if (asked.reached || signal.aborted || clock.now() + RETRY_MS > until) return asked
    await pause(clock, RETRY_MS, signal)
  }
}

/** RFC 1985 5: after 251 there is nothing to wait for. */
function bringsMail({ replies }: Asked): boolean {
  return replies.some(({ ok, code }) => ok && code !== 251)
}

function tell(ras: RasSettings, { log, answered }: RoundWorld, asked: Asked): void {
  const { reached, security, trouble, replies } = asked
  const where = `ETRN to ${targetText(ras)}`
  if (!reached) {
    log('warn', `${where} failed: ${trouble ?? 'no answer'}; the next round tries again`)
  } else {
    log('info', `${where}: ${security}`)
    for (const { ok, domain, text } of replies) log(ok ? 'info' : 'warn', `${where}: ${domain}: ${text}`)
  }
  answered(asked)
}

function notDialled(ras: RasSettings, { log, answered }: RoundWorld, why: string): void {
  log('error', `ETRN: the line was not opened: ${why}; the next round tries again`)
  const replies = ras.domains.map((domain) => ({ domain, ok: false, text: `the line was not opened: ${why}` }))
  answered({ reached: false, security: 'no TLS (no connection)', trouble: why, replies })
}

function pause(clock: Clock, ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const end = (): void => {
      cancel()
      signal.removeEventListener('abort', end)
      resolve()
    }
    const cancel = clock.after(ms, end, false)
    signal.addEventListener('abort', end)
    if (signal.aborted) end()
  })
}
