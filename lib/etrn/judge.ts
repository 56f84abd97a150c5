import { reply, type Reply } from '../reply.js'
import { mayAsk, type EtrnRules } from './permission.js'
import { nodeText, readEtrn, type EtrnNode } from './request.js'

/** An ETRN command and the session it came in. */
export interface EtrnCommand {
  /** As `etrnArgument` gives it. */
  readonly argument: string
  /** After EHLO or HELO. */
  readonly greeted: boolean
  /** After MAIL. */
  readonly inTransaction: boolean
  readonly ip: string
}

export type Judgement =
  { readonly kind: 'ask'; readonly node: EtrnNode } | { readonly kind: 'refused'; readonly reply: Reply }

/** Whether the queue is asked at all: the session first, then syntax, then permission (Q4-Q6). */
export function judgeEtrn({ argument, greeted, inTransaction, ip }: EtrnCommand, rules: EtrnRules): Judgement {
  if (!greeted) return { kind: 'refused', reply: reply('etrnBeforeHello') }
  if (inTransaction) return { kind: 'refused', reply: reply('etrnInTransaction') }
  const request = readEtrn(argument)
  if (request.kind === 'refused') return { kind: 'refused', reply: reply(request.reply) }
  if (!mayAsk(rules, ip, request.domain)) return { kind: 'refused', reply: reply('etrnNotAllowed', nodeText(request)) }
  return { kind: 'ask', node: { domain: request.domain, below: request.below } }
}
