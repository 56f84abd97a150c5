import type { ActionResult, Coverage, QueueDetail, QueueRow } from '../queue/shown.js'
import type { Suspension } from '../queue/suspensions.js'
import { counted, inText, sizeText, spanText, timeText, visible, visibleLines, wrapped } from './values.js'

/** What the commands for the queue print. Everything of a mail's is made visible here. */

/** Where the text goes: the time it is read at, and how many characters fit in a line; undefined where lines have no end. */
export interface Sheet {
  readonly nowMs: number
  readonly width: number | undefined
}

/** An id has 14 characters. */
const ID = 14
const INDENT = ID + 2

/** The line above the rows. */
export const LIST_HEAD = listLine('ID', 'AGE', 'SIZE', 'STATE', 'SENDER -> RECIPIENTS')

/** A message in two lines (more where they are folded), the last without a line end. */
export function rowText(row: QueueRow, { nowMs, width }: Sheet): string {
  const age = spanText(nowMs - row.arrivedMs)
  const start = listLine(visible(row.id), age, sizeText(row.bytes), row.state, `${senderText(row.sender)} -> `)
  const recipients = fit(row.recipients.map(visible), width === undefined ? undefined : width - start.length)
  return `${start}${recipients}\n${wrapped(secondLine(row, nowMs), INDENT, width)}`
}

function listLine(id: string, age: string, size: string, state: string, rest: string): string {
  return `${id.padEnd(ID)}  ${age.padStart(4)}  ${size.padStart(5)}  ${state.padEnd(9)}  ${rest}`
}

/** As many as there is room for, and how many more there are. At least one. */
function fit(recipients: readonly string[], room: number | undefined): string {
  const all = recipients.join(', ')
  if (room === undefined || all.length <= room) return all
  for (let shown = recipients.length - 1; shown > 1; shown--) {
    const text = `${recipients.slice(0, shown).join(', ')} +${recipients.length - shown}`
    if (text.length <= room) return text
  }
  return recipients.length > 1 ? `${recipients[0] ?? ''} +${recipients.length - 1}` : all
}

function secondLine(row: QueueRow, nowMs: number): string {
  const parts = [
    ...(row.attempts === 0 ? [] : [`tried ${row.attempts === 1 ? 'once' : `${row.attempts} times`}`]),
    nextStep(row, nowMs),
    ...(row.kind === 'remote' ? [] : [workText(row)]),
  ]
  return `${parts.join(', ')}${row.reason === '' ? '' : `; last reason: ${visible(row.reason)}`}`
}

/** What happens next with a message. */
export function nextStep({ state, nextMs, suspension }: QueueRow, nowMs: number): string {
  switch (state) {
    case 'suspended':
      return suspension === undefined ? 'suspended' : `suspended by ${suspensionText(suspension)}`
    case 'held':
      return 'held until it is released'
    case 'starting':
      return 'in line for a try'
    case 'sending':
      return 'being tried'
    case 'waiting':
      return nextMs === undefined ? 'no next try' : `next try ${inText(nextMs, nowMs)}`
  }
}

function workText({ kind, work }: QueueRow): string {
  return work === undefined ? kind : `${kind} ${visible(work)}`
}

/** Whose it is, what for and until when: `dmail.conf:12`, `an operator (moving house) until 2026-12-24 18:00`. */
export function suspensionText({ at, reason, untilMs }: Suspension): string {
  const why = reason === undefined || reason === '' ? '' : ` (${visible(reason)})`
  const end = untilMs === undefined ? '' : ` until ${timeText(untilMs)}`
  return `${at === undefined ? 'an operator' : visible(at)}${why}${end}`
}

function senderText(sender: string): string {
  return sender === '' ? '<>' : visible(sender)
}

/** What an answer lacks; undefined when it is whole. */
export function lacks({ workers, missing, complete }: Coverage): string | undefined {
  if (missing > 0) return `${missing} of ${counted(workers + missing, 'worker')} did not answer`
  return complete ? undefined : 'the queue is still being read after a start'
}

/** The line below the rows. */
export function countText(result: Coverage & { readonly count: number }): string {
  const workers = result.workers > 1 ? ` in ${result.workers} workers` : ''
  const lacking = lacks(result)
  const count = result.count === 0 ? 'no messages' : counted(result.count, 'message')
  return `${count}${workers}${lacking === undefined ? '' : `; there may be more: ${lacking}`}`
}

/** Everything about one message but its headers, by name. */
export function detailLines(detail: QueueDetail, nowMs: number): (readonly [string, string])[] {
  const next = nextStep(detail, nowMs)
  return [
    ['id', visible(detail.id)],
    ['message', visible(detail.uuid)],
    ['state', next.startsWith(detail.state) ? next : `${detail.state}, ${next}`],
    ['arrived', `${timeText(detail.arrivedMs)}, ${spanText(nowMs - detail.arrivedMs)} ago`],
    ['sender', senderText(detail.sender)],
    ...detail.recipients.map((recipient) => ['recipient', visible(recipient)] as const),
    ['domain', visible(detail.domain)],
    ['size', sizeText(detail.bytes)],
    ['tries', String(detail.attempts)],
    ...(detail.reason === '' ? [] : [['last reason', visible(detail.reason)] as const]),
    ...(detail.kind === 'remote' ? [] : [['work', workText(detail)] as const]),
    ['file', visible(detail.file)],
    ['process', String(detail.pid)],
  ]
}

/** `dmail queue show`: a line for each thing, then the header section. */
export function detailText(detail: QueueDetail, nowMs: number): string {
  const lines = detailLines(detail, nowMs)
  const headers = visibleLines(detail.headers.replace(/(?:\r?\n)+$/, ''))
  return `${lines.map(([name, value]) => `${name.padEnd(11)}  ${value}`).join('\n')}\n\n${headers}`
}

export type Action = 'send' | 'hold' | 'release' | 'drop'

const DONE: Record<Action, (messages: string) => string> = {
  send: (messages) => `${messages} tried now`,
  hold: (messages) => `${messages} held: nothing is tried until "dmail queue release"`,
  release: (messages) => `${messages} released: tried now unless the domain is suspended`,
  drop: (messages) => `${messages} dropped: gone for good, without a report to the sender`,
}

/** What became of the messages that matched. */
export function actionText(action: Action, result: ActionResult): string {
  const { done, skipped, examples } = result
  const lines: string[] = []
  if (done === 0 && skipped === 0) {
    lines.push(`no ${action === 'release' ? 'held ' : ''}message matches: nothing was done`)
  }
  if (done > 0) lines.push(DONE[action](counted(done, 'message')))
  if (skipped > 0) lines.push(`${counted(skipped, 'message')} skipped:`)
  for (const { id, why } of examples) lines.push(`  ${visible(id)} ${visible(why)}`)
  if (skipped > examples.length && examples.length > 0) lines.push(`  and ${skipped - examples.length} more`)
  const lacking = lacks(result)
  if (lacking !== undefined) lines.push(`there may be more that match: ${lacking}`)
  return lines.join('\n')
}
