import { callServer } from '../control/client.js'
import { RESPOND_SOCKET_FILE } from '../control/protocol.js'
import type { Memory } from './memory.js'

/** The server answers at once, or its own memory has to do. */
const CALL = { silenceMs: 3000, socketFile: RESPOND_SOCKET_FILE }

export interface ClusterMemoryOptions {
  readonly harakaDir: string
  readonly userKey: string
  readonly everyMs: number
}

/**
 * A memory that asks the running server whether another node of a cluster answered a sender. Where there is no server, no cluster, or
 * nobody in reach, it is the memory it is given: that one is asked first, and has all that was answered on this machine.
 */
export function clusterMemory(memory: Memory, { harakaDir, userKey: user, everyMs }: ClusterMemoryOptions): Memory {
  let shared = false
  return {
    isAnswered: (sender, nowMs) => memory.isAnswered(sender, nowMs),
    async claim(sender, nowMs) {
      const claim = await memory.claim(sender, nowMs)
      if (claim !== 'claimed' || everyMs < 1) return claim
      const state = await callServer(harakaDir, 'respond.claim', { user, sender, everyMs }, {}, CALL).then(
        (answer) => answer.state,
        () => 'alone' as const,
      )
      shared = state === 'claimed'
      if (state !== 'answered') return 'claimed'
      // When that was is not known here: from now on would be too long.
      await memory.release(sender)
      return 'answered'
    },
    async release(sender) {
      await memory.release(sender)
      if (!shared) return
      shared = false
      await callServer(harakaDir, 'respond.release', { user, sender }, {}, CALL).catch(() => undefined)
    },
  }
}
