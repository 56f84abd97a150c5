import { cont, ok } from 'haraka-constants'
import { printable } from '../../lib/log.js'
import { reply, replyText, type Reply } from '../../lib/reply.js'
import { route } from '../../lib/routing/route.js'
import type { Route } from '../../lib/routing/types.js'
import { expnReplies, verifyArgument, vrfyReply } from '../../lib/routing/verify.js'
import { connectionHook, describeError, say } from '../haraka/hook.js'
import type { HarakaConnection, HarakaPlugin, Next } from '../haraka/types.js'
import type { Shared } from '../shared.js'

/** VRFY and EXPN by the decision of RCPT; `252` unless `[access] vrfy=true`. */
export function attachVerify(plugin: HarakaPlugin, shared: Shared): void {
  connectionHook(plugin, 'access', 'vrfy', reply('notReady'), async (connection) => {
    const [answer = reply('notVerified')] = await verify(shared, connection, (decided) => [vrfyReply(decided)])
    // A refusal would end the message that is being sent; the answer carries its own code.
    return say(answer)
  })

  // Haraka has no EXPN.
  plugin['dmail_access_unrecognized_command'] = (
    next: Next,
    connection: HarakaConnection,
    params: readonly string[],
  ) => {
    if (!/^EXPN(?:\s|$)/i.test(params[0] ?? '')) {
      next(cont)
      return
    }
    verify(shared, connection, expnReplies)
      .catch((error: unknown) => {
        connection.logerror(`dmail/access: EXPN failed: ${describeError(error)}`)
        return [reply('notReady')]
      })
      .then((answers) => {
        const { code } = answers[0] ?? reply('notVerified')
        connection.respond(code, answers.map(replyText), () => {
          next(ok)
        })
      })
      .catch((error: unknown) => {
        connection.logcrit(`dmail/access: the answer was not sent: ${describeError(error)}`)
      })
  }
  plugin.register_hook('unrecognized_command', 'dmail_access_unrecognized_command')
}

async function verify(
  { live }: Shared,
  connection: HarakaConnection,
  answer: (decided: Route) => readonly Reply[],
): Promise<readonly Reply[]> {
  const { access, tables, world } = await live.current()
  if (!access.tellsUsers) return [reply('notVerified')]
  const text = verifyArgument(connection.current_line, tables.mainDomain)
  if (text === undefined) return [reply('noAddressToVerify')]
  const { ip } = connection.remote
  const answers = answer(await route(tables, world, text, { ip, sender: undefined, trusted: connection.relaying }))
  connection.lognotice(`dmail/access: ${ip}: ${printable(connection.current_line)}: ${answers[0]?.code ?? ''}`)
  return answers
}
