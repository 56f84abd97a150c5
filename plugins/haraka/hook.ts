import { cont, deny, denydisconnect, denysoft, ok } from 'haraka-constants'
import DSN from 'haraka-dsn'
import type { Maybe } from '../../lib/maybe.js'
import { replyName, type Reply } from '../../lib/reply.js'
import type { Line } from '../lines.js'
import type { HarakaConnection, HarakaPlugin, Next } from './types.js'

/** A hook's answer: go on with the next plugin, accept, or refuse. */
export type Answer =
  | { readonly do: 'continue' }
  | { readonly do: 'accept'; readonly text: string }
  | { readonly do: 'say'; readonly reply: Reply }
  | { readonly do: 'refuse'; readonly reply: Reply; readonly disconnect?: boolean }

export const CONTINUE: Answer = { do: 'continue' }

/** `2.1.5 text`: an accepting reply as Haraka sends it, status first. */
export function accept(reply: Reply): Answer {
  return { do: 'accept', text: `${reply.enhanced} ${reply.text}` }
}

/** Ends the hook with a reply that carries its own code, and without what Haraka does at a refusal. */
export function say(reply: Reply): Answer {
  return { do: 'say', reply }
}

export function refuse(reply: Reply, disconnect = false): Answer {
  return { do: 'refuse', reply, disconnect }
}

/**
 * Registers a hook on a connection. `next` is called exactly once; what goes wrong inside is logged and
 * answered with `onError`, so that a fault of ours never accepts or refuses anything for good.
 */
export function connectionHook(
  plugin: HarakaPlugin,
  line: Line,
  hook: string,
  onError: Reply,
  handle: (connection: HarakaConnection, params: unknown) => Maybe<Answer>,
): void {
  const method = `dmail_${line}_${hook}`
  const failed = (connection: HarakaConnection, error: unknown): Answer => {
    connection.logerror(`dmail/${line}: ${hook} failed: ${describeError(error)}`)
    return refuse(onError)
  }
  plugin[method] = (next: Next, connection: HarakaConnection, params: unknown): void => {
    let answer: Maybe<Answer>
    try {
      answer = handle(connection, params)
    } catch (error) {
      answer = failed(connection, error)
    }
    if (!(answer instanceof Promise)) {
      respond(next, answer)
      return
    }
    answer
      .catch((error: unknown) => failed(connection, error))
      .then((late) => {
        respond(next, late)
      })
      .catch((error: unknown) => {
        connection.logcrit(`dmail/${line}: answering ${hook} failed: ${describeError(error)}`)
      })
  }
  plugin.register_hook(hook, method)
}

function respond(next: Next, answer: Answer): void {
  switch (answer.do) {
    case 'continue':
      next(cont)
      return
    case 'accept':
      next(ok, answer.text)
      return
    case 'say':
      next(ok, toDsn(answer.reply))
      return
    case 'refuse': {
      const { reply, disconnect } = answer
      next(disconnect === true ? denydisconnect : reply.code < 500 ? denysoft : deny, toDsn(reply))
    }
  }
}

/** Replies of ours, by what Haraka was given for them. */
const replyNames = new WeakMap<object, string>()

/** The name of our reply that a hook was refused with, for the deny hook; undefined for those of others. */
export function refusalName(message: unknown): string | undefined {
  return typeof message === 'object' && message !== null ? replyNames.get(message) : undefined
}

/** Haraka takes code and status of a reply from a DSN object. */
function toDsn(reply: Reply): DSN {
  const { code, enhanced, text } = reply
  const [, subject, detail] = enhanced.split('.').map(Number)
  const dsn = new DSN(code, text, code, subject ?? 0, detail ?? 0)
  const name = replyName(reply)
  if (name !== undefined) replyNames.set(dsn, name)
  return dsn
}

/**
 * A refused `queue` or `queue_outbound` hook is always answered 450 or 550, whatever code the reply has. This makes the next
 * answer on the connection carry the reply's own code.
 */
export function withCode(connection: HarakaConnection, { code }: Reply): void {
  const { respond: original } = connection
  connection.respond = (given, message, after) => {
    connection.respond = original
    // A plugin on the `deny` hook may have turned the refusal into an acceptance.
    return original.call(connection, given < 400 ? given : code, message, after)
  }
}

export function describeError(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error)
}
