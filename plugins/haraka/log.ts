import type { Log } from '../../lib/log.js'
import type { Logging } from './types.js'

const METHODS = { debug: 'logdebug', info: 'loginfo', warn: 'logwarn', error: 'logerror' } as const

/** Lines of the suite in Haraka's log, under the plugin, connection or queue file they are about. */
export function logTo(target: Logging): Log {
  return (level, text) => {
    target[METHODS[level]](`dmail: ${text}`)
  }
}
