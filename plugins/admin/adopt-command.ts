import type { Adopter } from '../../lib/adopt/adopt.js'
import type { Handlers } from '../../lib/control/handlers.js'

/** `dmail queue adopt`. Whoever asked may go away: what is begun comes to its end, and the log says how. */
export function adoptCommand(adopter: Adopter): Handlers['queue.adopt'] {
  return ({ dir, force }, talk) => {
    let told: Promise<unknown> | undefined
    return adopter.adopt(dir, force, (done, total) => {
      // One at a time; a client that is slow hears of some of it.
      told ??= talk
        .progress({ done, total })
        .catch(() => undefined)
        .finally(() => {
          told = undefined
        })
    })
  }
}
