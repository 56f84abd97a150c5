import { readFileSync } from 'node:fs'

/*
 * Loaded by `node --require` before the program: its time of day is as far from the true one as a file says. Nothing but Date
 * is changed: timers and performance.now() measure what really passes.
 */

/** Names the file; it holds milliseconds. */
export const CLOCK_VARIABLE = 'DMAIL_TEST_CLOCK'

/** How old the offset may be that a process goes by. */
export const READ_EVERY_MS = 20

const file = process.env[CLOCK_VARIABLE]
if (file !== undefined) shiftDate(file)

function shiftDate(offsetFile: string): void {
  const RealDate = Date
  let offset = 0
  let readAt = -Infinity
  function now(): number {
    const elapsed = performance.now()
    if (elapsed - readAt >= READ_EVERY_MS) {
      readAt = elapsed
      offset = Number(readFileSync(offsetFile, 'utf8'))
    }
    return RealDate.now() + offset
  }
  globalThis.Date = new Proxy(RealDate, {
    apply: () => new RealDate(now()).toString(),
    construct: (target, args: unknown[], newTarget) =>
      Reflect.construct(target, args.length === 0 ? [now()] : args, newTarget) as object,
    get: (target, name, receiver) => (name === 'now' ? now : (Reflect.get(target, name, receiver) as unknown)),
  })
}
