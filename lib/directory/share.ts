import { passwordsOf } from './passwords.js'
import type { LookupResult, UserDirectory } from './types.js'

/**
 * A directory that asks `inner` once for identical look-ups in flight: a message to many addresses of one user, or many
 * connections at once, cost one request.
 */
export function sharedLookups(inner: UserDirectory): UserDirectory {
  const inFlight = new Map<string, Promise<LookupResult>>()
  return {
    lookup(name) {
      const running = inFlight.get(name)
      if (running !== undefined) return running
      const started = inner.lookup(name).finally(() => {
        if (inFlight.get(name) === started) inFlight.delete(name)
      })
      inFlight.set(name, started)
      return started
    },
    ...passwordsOf(inner),
    clear() {
      // Whoever asks after a reload must not get an answer from before it.
      inFlight.clear()
      inner.clear()
    },
    close() {
      inner.close()
    },
  }
}
