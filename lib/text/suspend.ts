import type { Nodes } from '../cluster/status.js'
import type { Commands } from '../control/protocol.js'
import { onNodesText, silentText } from './nodes.js'
import { counted, timeText, visible } from './values.js'

const TOLD_LATER = 'hears of it when it is back'

/** What `dmail suspend` says when it is done. */
export function suspendText({ suspension, waiting, nodes }: Commands['suspend']['result']): string {
  const { domain, reason, untilMs } = suspension
  const end = untilMs === undefined ? '' : ` until ${timeText(untilMs)}`
  const why = reason === undefined || reason === '' ? '' : ` (${visible(reason)})`
  const mail = waiting === 0 ? 'no message is' : waiting === 1 ? '1 message is' : `${counted(waiting, 'message')} are`
  return `${visible(domain)} suspended${end}${why}: ${mail} waiting${inForceText(nodes)}${silentText(nodes, TOLD_LATER)}`
}

/** What `dmail resume` says of the domain it was given. */
export function resumeText(asked: string, { resumed, still, nodes }: Commands['resume']['result']): string {
  const domain = visible(asked)
  const did = resumed
    ? `${domain} resumed${onNodesText(nodes)}${silentText(nodes, TOLD_LATER)}`
    : `${domain} was not suspended by an operator`
  if (still === undefined) return resumed ? `${did}: mail whose time has come is tried now` : did
  const pattern = visible(still.domain)
  if (still.at !== undefined) {
    return `${did}, but ${visible(still.at)} suspends it: remove or change the line "suspend_domain ${pattern}"`
  }
  return `${did}, but an operator suspended ${pattern}: "dmail resume '${pattern}'" ends that`
}

function inForceText(nodes: Nodes | undefined): string {
  const on = onNodesText(nodes)
  return on === '' ? '' : ` here; in force${on}`
}
