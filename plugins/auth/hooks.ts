import { cont, ok } from 'haraka-constants'
import { setTimeout as pause } from 'node:timers/promises'
import { createAttempts, type Attempt, type Outcome } from '../../lib/auth/attempts.js'
import { authArgument, beginAuth, maySendPassword } from '../../lib/auth/command.js'
import { MECHANISMS, type Credentials, type Turn } from '../../lib/auth/exchange.js'
import { loginUser } from '../../lib/auth/login.js'
import type { AuthSettings } from '../../lib/auth/settings.js'
import type { Cluster } from '../../lib/cluster/types.js'
import { countElsewhere, noteElsewhere } from '../../lib/cluster/limits.js'
import { printable } from '../../lib/log.js'
import { reply, replyText, type Reply } from '../../lib/reply.js'
import { describeError } from '../haraka/hook.js'
import { endSecretLines, hideCredentials, takeNextLine } from '../haraka/secret-lines.js'
import type { HarakaConnection, HarakaPlugin, Next } from '../haraka/types.js'
import type { Shared } from '../shared.js'

/** Questions of a process with a client to the one that counts failures. */
const BEGIN = 'auth.begin'
const END = 'auth.end'

/** SMTP AUTH (RFC 4954) against the user directory (forward_user, A5). */
export function attachAuth(plugin: HarakaPlugin, shared: Shared): void {
  const { live, crew } = shared
  const loggedIn = new WeakSet<HarakaConnection>()

  hideCredentials(plugin)

  plugin['dmail_auth_capabilities'] = (next: Next, connection: HarakaConnection): void => {
    const auth = offered(connection)
    if (auth !== undefined && isSecure(connection, auth) && !loggedIn.has(connection)) {
      connection.capabilities?.push(`AUTH ${MECHANISMS.join(' ')}`)
    }
    next(cont)
  }
  plugin.register_hook('capabilities', 'dmail_auth_capabilities')

  plugin['dmail_auth_unrecognized_command'] = (next: Next, connection: HarakaConnection, params: string[]): void => {
    const argument = authArgument(params)
    const auth = argument === undefined ? undefined : offered(connection)
    if (argument === undefined || auth === undefined) {
      next(cont)
      return
    }
    // Haraka logs both, and plugins see them.
    params.splice(0, params.length, 'AUTH')
    connection.current_line = 'AUTH'
    const { mechanism, turn } = beginAuth(argument, {
      greeted: connection.hello.verb === 'EHLO' && typeof connection.hello.host === 'string',
      loggedIn: loggedIn.has(connection),
      inTransaction: connection.transaction !== null,
      secure: isSecure(connection, auth),
    })
    // The answer may take longer than a hook has; Haraka takes no other command before it.
    next(ok)
    takeTurn(connection, auth, mechanism, turn)
  }
  plugin.register_hook('unrecognized_command', 'dmail_auth_unrecognized_command')

  const cluster = (): Cluster | undefined => shared.seat.cluster()
  // In one process and not in each worker: the limits are those of all of them, and of all nodes of a cluster.
  const attempts = createAttempts(() => performance.now(), {
    count: (kind, key, rate) => countElsewhere(cluster(), `auth.${kind}`, key, rate),
    note: (kind, key, rate) => {
      noteElsewhere(cluster(), `auth.${kind}`, key, rate)
    },
  })
  crew.onOne(BEGIN, async (args) => {
    const { auth } = await live.current()
    if (auth === undefined) throw new Error('AUTH has just been turned off')
    return await attempts.begin(args as Attempt, auth.rates)
  })
  crew.onOne(END, (args) => {
    const { ticket, outcome } = args as { readonly ticket: number; readonly outcome: Outcome }
    attempts.end(ticket, outcome)
  })

  function offered({ remote }: HarakaConnection): AuthSettings | undefined {
    const auth = live.loaded()?.auth
    return auth?.offerTo(remote.ip) === true ? auth : undefined
  }

  function takeTurn(connection: HarakaConnection, auth: AuthSettings, mechanism: string, turn: Turn): void {
    switch (turn.kind) {
      case 'ask':
        takeNextLine(connection, (line) => {
          takeTurn(connection, auth, mechanism, turn.next(line))
        })
        say(connection, reply('authContinue', turn.challenge))
        return
      case 'refused':
        endSecretLines(connection)
        say(connection, reply(turn.reply))
        return
      case 'check':
        endSecretLines(connection)
        logIn(connection, auth, mechanism, turn.credentials)
          .catch((error: unknown) => {
            connection.logerror(`dmail/auth: ${describeError(error)}`)
            return reply('authUnavailable')
          })
          .then((answer) => {
            say(connection, answer)
          })
          .catch((error: unknown) => {
            connection.logcrit(`dmail/auth: the answer was not sent: ${describeError(error)}`)
          })
    }
  }

  async function logIn(
    connection: HarakaConnection,
    auth: AuthSettings,
    mechanism: string,
    credentials: Credentials,
  ): Promise<Reply> {
    const begunMs = performance.now()
    const { ip } = connection.remote
    const user = loginUser(credentials.name, connection.local.ip, auth.logins)
    const who = `${ip} as ${user === undefined ? 'nobody' : printable(user)} (${mechanism})`
    const ticket = (await crew.askOne(BEGIN, { ip, user } satisfies Attempt)) as number | undefined
    if (ticket === undefined) {
      connection.lognotice(`dmail/auth: too many failed logins: ${who}`)
      await sameTime(begunMs, auth.failureDelayMs)
      return reply('authTooMany')
    }
    const result = await check(connection, auth, user, credentials)
    const told = crew.askOne(END, { ticket, outcome: result.kind })
    if (result.kind !== 'right') {
      // The next attempt waits for it where it must; this one has its answer.
      told.catch((error: unknown) => {
        connection.logwarn(`dmail/auth: a failed login is not counted: ${describeError(error)}`)
      })
    }
    switch (result.kind) {
      case 'unavailable':
        connection.logwarn(`dmail/auth: ${who}: ${result.detail}`)
        return reply('authUnavailable')
      case 'wrong':
        connection.lognotice(`dmail/auth: failed login: ${who}`)
        connection.results.add({ name: 'auth' }, { fail: `${plugin.name}/${mechanism}` })
        await sameTime(begunMs, auth.failureDelayMs)
        return reply('authFailed')
      case 'right':
        await told
        connection.lognotice(`dmail/auth: logged in: ${who}`)
        loggedIn.add(connection)
        letRelay(plugin, connection, mechanism, user ?? '')
        return reply('authDone')
    }
  }

  async function check(
    { local, remote }: HarakaConnection,
    auth: AuthSettings,
    user: string | undefined,
    { actAs, password }: Credentials,
  ): ReturnType<AuthSettings['check']> {
    if (user === undefined) return { kind: 'wrong' }
    // Nobody acts for somebody else.
    if (actAs !== '' && loginUser(actAs, local.ip, auth.logins) !== user) return { kind: 'wrong' }
    return await auth.check(user, password, remote.ip)
  }
}

function isSecure({ tls, remote }: HarakaConnection, { plaintext }: AuthSettings): boolean {
  return maySendPassword(tls.enabled, remote.ip, plaintext)
}

/** What Haraka's own auth plugins leave, for other plugins and for the headers; without the password. */
function letRelay(plugin: HarakaPlugin, connection: HarakaConnection, mechanism: string, user: string): void {
  connection.relaying = true
  connection.results.add({ name: 'relay' }, { pass: plugin.name })
  connection.results.add({ name: 'auth' }, { pass: plugin.name, method: mechanism, user })
  connection.notes['auth_user'] = user
  connection.authheader = '(authenticated bits=0)\n'
  connection.auth_results(`auth=pass (${mechanism.toLowerCase()})`)
}

/**
 * Waits until a whole number of delays has passed since `begunMs`: how long the answer took says nothing of whether there is such a
 * user.
 */
async function sameTime(begunMs: number, delayMs: number): Promise<void> {
  if (delayMs <= 0) return
  const passedMs = performance.now() - begunMs
  await pause(Math.ceil(passedMs / delayMs) * delayMs - passedMs)
}

function say(connection: HarakaConnection, answer: Reply): void {
  connection.respond(answer.code, replyText(answer))
}
