import { connection as constants } from 'haraka-constants'
import type { HarakaConnection } from './types.js'

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

/** Keeps credentials out of what Haraka logs of a connection at the levels protocol and debug. */
export function hideCredentials(connection: HarakaConnection): void {
  const hide = hider(connection)
  const logprotocol = connection.logprotocol.bind(connection) as (...parts: unknown[]) => void
  const logdebug = connection.logdebug.bind(connection) as (...parts: unknown[]) => void
  connection.logprotocol = (...parts: unknown[]) => {
    logprotocol(...parts.map(hide))
  }
  connection.logdebug = (...parts: unknown[]) => {
    logdebug(...parts.map(hide))
  }
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
