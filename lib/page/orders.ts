import { actionText, type Action } from '../text/queue.js'
import { silentText } from '../text/nodes.js'
import { resumeText, suspendText } from '../text/suspend.js'
import { counted } from '../text/values.js'
import { parseUntil, type Until } from '../text/until.js'
import type { Commands, ControlError } from '../control/protocol.js'
import type { ActionName, Order } from './desk.js'
import { nodeOf } from './nodes.js'

export type ReadOrder =
  | { readonly ok: true; readonly order: Order; /** It cannot be undone. */ readonly grave: boolean }
  | { readonly ok: false; readonly error: ControlError }

/** What a form asks for. */
export function readOrder(fields: URLSearchParams, nowMs: number): ReadOrder {
  const action = fields.get('action') ?? ''
  const domain = (fields.get('domain') ?? '').trim()
  switch (action) {
    case 'send':
    case 'hold':
    case 'release':
    case 'drop': {
      const node = nodeOf(fields)
      const args = { filter: wordsOf(fields.get('filter') ?? '') }
      return yes({ command: `queue.${action}`, args, ...(node === '' ? {} : { node }) }, action === 'drop')
    }
    case 'suspend': {
      const until = (fields.get('until') ?? '').trim()
      const reason = (fields.get('reason') ?? '').trim()
      const end: Until | Record<string, never> = until === '' ? {} : parseUntil(until, nowMs)
      if ('error' in end) return { ok: false, error: { message: end.error, hint: '' } }
      return yes({ command: 'suspend', args: { domain, ...(reason === '' ? {} : { reason }), ...end } })
    }
    case 'resume':
      return yes({ command: 'resume', args: { domain } })
    case 'etrn':
      return yes({ command: 'etrn', args: { node: domain } })
    default:
      return { ok: false, error: { message: `there is no action "${action.slice(0, 100)}"`, hint: '' } }
  }
}

function yes(order: Order, grave = false): ReadOrder {
  return { ok: true, order, grave }
}

/** The words of a filter as `dmail queue` takes them. */
export function wordsOf(text: string): string[] {
  return text.split(/\s+/).filter((word) => word !== '')
}

/** An order as the command that does the same. */
export function orderText({ command, args, node }: Order): string {
  const on = node === undefined ? '' : ` --node ${node}`
  switch (command) {
    case 'suspend':
    case 'resume':
      return `${command} ${args.domain}`
    case 'etrn':
      return `etrn ${args.node}`
    case 'queue.send':
    case 'queue.hold':
    case 'queue.release':
    case 'queue.drop':
      return `${command.slice('queue.'.length)} ${args.filter.join(' ')}${on}`
  }
}

/** What became of an order, as the commands say it. */
export function resultText({ command, args }: Order, result: Commands[ActionName]['result']): string {
  switch (command) {
    case 'suspend':
      return suspendText(result as Commands['suspend']['result'])
    case 'resume':
      return resumeText(args.domain, result as Commands['resume']['result'])
    case 'etrn': {
      const { count, running, nodes } = result as Commands['etrn']['result']
      const what = running ? 'is being sent already' : `${counted(count, 'message')} tried now`
      return `${what}${silentText(nodes, 'may have more')}`
    }
    case 'queue.send':
    case 'queue.hold':
    case 'queue.release':
    case 'queue.drop':
      return actionText(command.slice('queue.'.length) as Action, result as Commands['queue.send']['result'])
  }
}
