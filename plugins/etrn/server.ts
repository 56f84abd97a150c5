import { cont, ok } from 'haraka-constants'
import { etrnAnswer, type EtrnResult } from '../../lib/etrn/answer.js'
import { judgeEtrn } from '../../lib/etrn/judge.js'
import { takeEverywhere } from '../../lib/cluster/limits.js'
import { createRateLimit } from '../../lib/rate.js'
import { etrnArgument, nodeText, type EtrnNode } from '../../lib/etrn/request.js'
import { reply, replyText, type Reply } from '../../lib/reply.js'
import { flushAllNodes } from '../flush.js'
import { describeError } from '../haraka/hook.js'
import type { HarakaConnection, HarakaPlugin, Next } from '../haraka/types.js'
import type { Shared } from '../shared.js'

/** The question of a process with a client to the one that counts. */
const ETRN = 'etrn'

/** ETRN as a server (RFC 1985). */
export function attachEtrnServer(plugin: HarakaPlugin, shared: Shared): void {
  const { live, crew, seat } = shared

  plugin['dmail_etrn_capabilities'] = (next: Next, connection: HarakaConnection): void => {
    if (live.loaded()?.etrn.allow(connection.remote.ip) === true) connection.capabilities?.push('ETRN')
    next(cont)
  }
  plugin.register_hook('capabilities', 'dmail_etrn_capabilities')

  plugin['dmail_etrn_unrecognized_command'] = (
    next: Next,
    connection: HarakaConnection,
    params: readonly string[],
  ): void => {
    const argument = etrnArgument(params)
    if (argument === undefined) {
      next(cont)
      return
    }
    answer(shared, connection, argument)
      .catch((error: unknown): Reply => {
        connection.logerror(`dmail/etrn: ${describeError(error)}`)
        return reply('etrnFailed')
      })
      .then((said) => {
        log(connection, argument, said)
        connection.respond(said.code, replyText(said), () => {
          next(ok)
        })
      })
      .catch((error: unknown) => {
        connection.logcrit(`dmail/etrn: the answer was not sent: ${describeError(error)}`)
      })
  }
  plugin.register_hook('unrecognized_command', 'dmail_etrn_unrecognized_command')

  // Here and not in each worker: the rate is that of all of them, and of all nodes of a cluster.
  const limit = createRateLimit(() => performance.now())
  crew.onOne(ETRN, async (args): Promise<EtrnResult> => {
    const { domain, below } = args as EtrnNode
    const { etrn } = await live.current()
    // A domain and its sub-domains are one: they would double the rate.
    const waitMs = await takeEverywhere(seat.cluster(), limit, 'etrn', domain, etrn.rate)
    if (waitMs > 0) return { kind: 'limited', waitMs }
    const { count, running, complete, nodes } = await flushAllNodes(crew, seat, { domain, below })
    if (nodes !== undefined && nodes.silent.length > 0) {
      plugin.logwarn(`dmail/etrn: ${nodeText({ domain, below })}: no answer of ${nodes.silent.join(', ')}: not counted`)
    }
    return { kind: 'flush', count, running, complete }
  })
}

async function answer({ live, crew }: Shared, connection: HarakaConnection, argument: string): Promise<Reply> {
  const { etrn } = live.loaded() ?? (await live.current())
  const judgement = judgeEtrn(
    {
      argument,
      greeted: connection.hello.verb !== null,
      inTransaction: connection.transaction !== null,
      ip: connection.remote.ip,
    },
    etrn,
  )
  if (judgement.kind === 'refused') return judgement.reply
  return etrnAnswer(judgement.node, (await crew.askOne(ETRN, judgement.node)) as EtrnResult)
}

/** What a stranger wrote is cut, and cannot begin a line of its own. */
function log(connection: HarakaConnection, argument: string, { code, text }: Reply): void {
  const asked = JSON.stringify(argument.slice(0, 100))
  connection.lognotice(`dmail/etrn: ${connection.remote.ip} asked for ${asked}: ${code} ${text}`)
}
