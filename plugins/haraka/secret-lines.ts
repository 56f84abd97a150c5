import { connection as constants } from 'haraka-constants'
import type { HarakaConnection, HarakaConnectionModule, HarakaLogger, HarakaPlugin } from './types.js'

const { PAUSE_SMTP, DISCONNECTING } = constants.state

/** Connections in the middle of an exchange, whose lines are passwords. */
const secret = new WeakSet<HarakaConnection>()

/**
 * The next line goes to `take`, and to nobody else. Haraka would hand it to every plugin as a command it does not know, carry it out
 * if it looks like one that it does (`QUIT` is base64), and log it.
 */
export function takeNextLine(connection: HarakaConnection, take: (line: string) => void): void {
  const { process_line: original } = connection
  secret.add(connection)
  connection.process_line = (bytes) => {
    connection.process_line = original
    if (connection.state >= DISCONNECTING) return
    // As for a command: nothing more is read before the answer.
    connection.state = PAUSE_SMTP
    connection.current_line = ''
    take(bytes.toString('latin1').replace(/\r?\n$/, ''))
  }
}

export function endSecretLines(connection: HarakaConnection): void {
  secret.delete(connection)
}

/**
 * Keeps credentials out of what Haraka logs of connections at the levels protocol and debug. For all connections at once: Haraka
 * calls these methods several times for each hook, most often for a level that is not logged.
 */
export function hideCredentials(plugin: HarakaPlugin): void {
  const logger = plugin.haraka_require('logger') as HarakaLogger
  const { prototype } = (plugin.haraka_require('connection') as HarakaConnectionModule).Connection
  const hideIn = (method: 'logprotocol' | 'logdebug', level = 0): void => {
    const { [method]: log } = prototype
    prototype[method] = function (...parts: unknown[]) {
      if (logger.loglevel >= level) log.apply(this, parts.map(hider(this)))
    }
  }
  hideIn('logprotocol', logger.levels['PROTOCOL'])
  hideIn('logdebug', logger.levels['DEBUG'])
}

const HIDDEN = '(a line of AUTH)'
const AUTH_LINE = /^\s*AUTH\s+\S+\s+\S/i

function hider(connection: HarakaConnection): (part: unknown) => unknown {
  return (part) => {
    if (typeof part === 'string') return hideText(connection, part)
    // `[early_talker]` is logged with the line, a hook with its parameters.
    if (typeof part !== 'object' || part === null || !('line' in part || 'params' in part)) return part
    return Object.fromEntries(Object.entries(part).map(([key, value]) => [key, hideValue(connection, key, value)]))
  }
}

/** What Haraka puts before a line that a client said. */
const MARK = /^(?:C: (?:\(after-disconnect\): )?|pipeline: )/

function hideText(connection: HarakaConnection, text: string): string {
  const [mark] = MARK.exec(text) ?? []
  if (mark === undefined) return text
  return secret.has(connection) || AUTH_LINE.test(text.slice(mark.length)) ? `${mark}${HIDDEN}` : text
}

function hideValue(connection: HarakaConnection, key: string, value: unknown): unknown {
  if (key !== 'line' && key !== 'params') return value
  const text = Buffer.isBuffer(value) ? value.toString('latin1') : value
  if (typeof text !== 'string') return value
  return AUTH_LINE.test(text) || (key === 'line' && secret.has(connection)) ? HIDDEN : value
}
