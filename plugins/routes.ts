import { chainOf } from '../lib/routing/provenance.js'
import { describe, reportDestination } from '../lib/routing/report.js'
import { route } from '../lib/routing/route.js'
import type { Route } from '../lib/routing/types.js'
import { addressText, toAddress } from './haraka/address.js'
import type { HarakaAddress, HarakaConnection, HarakaTransaction } from './haraka/types.js'
import type { Shared } from './shared.js'

/** Takes the decision for one recipient and keeps it for the queue hook. `trusted` = the client may relay. */
export async function decideRoute(
  shared: Shared,
  connection: HarakaConnection,
  transaction: HarakaTransaction,
  recipient: HarakaAddress,
  trusted: boolean,
): Promise<Route> {
  const { tables, world } = await shared.snapshotOf(transaction)
  const { ip } = connection.remote
  const size = shared.sizes.get(transaction)
  const decided = await route(tables, world, addressText(recipient), {
    ip,
    sender: toAddress(transaction.mail_from),
    trusted,
    ...(size === undefined ? {} : { size }),
  })
  shared.routes.set(recipient, decided)
  logRoute(connection, addressText(recipient), decided)
  return decided
}

function logRoute(connection: HarakaConnection, text: string, decided: Route): void {
  for (const { step, input, rule, at } of decided.trace) {
    if (step === 'left-out')
      connection.logwarn(`dmail: ${text}: ${input} left out: ${rule}${at === undefined ? '' : ` (${at})`}`)
  }
  if (!decided.accepted) {
    const { code, enhanced } = decided.reply
    connection.lognotice(
      `dmail: ${text} refused ${code} ${enhanced}${decided.detail === undefined ? '' : `: ${decided.detail}`}`,
    )
    return
  }
  for (const { destination, step } of decided.destinations) {
    const rules = chainOf(step).map(({ step: name, at }) => (at === undefined ? name : `${name} ${at}`))
    connection.loginfo(
      `dmail: ${text} -> ${describe(reportDestination(destination))}${rules.length === 0 ? '' : ` by ${rules.join(', ')}`}`,
    )
  }
}
