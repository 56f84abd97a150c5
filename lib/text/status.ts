import type { DomainSummary } from '../queue/shown.js'
import type { RasStatus } from '../etrn/ras-status.js'
import type { AllResult } from '../control/over-nodes.js'
import type { Status } from '../control/protocol.js'
import { lacks, suspensionText, type Sheet } from './queue.js'
import { counted, inText, sizeText, spanText, timeText, visible, wrapped } from './values.js'
import { clusterLines, noAnswerLines, nodeHead } from './nodes.js'

/** Gives text a colour, or leaves it as it is. */
export type Paint = (colour: 'red' | 'yellow' | 'green' | 'bold' | 'dim', text: string) => string

/** `dmail status` in lines, the last without its end. */
export function statusText(status: Status, sheet: Sheet, paint: Paint): string {
  return [
    ...serverLines(status, sheet, paint),
    ...(status.cluster === undefined ? [] : clusterLines(status.cluster, sheet.nowMs)),
    ...domainLines(status, sheet, paint),
    ...suspensionLines(status, sheet, paint),
    ...(status.ras === undefined ? [] : rasLines(status.ras, sheet, paint)),
  ].join('\n')
}

/** `dmail status --all`: what each node says of itself, and the sum. */
export function allStatusText(found: AllResult<'status'>, sheet: Sheet, paint: Paint): string {
  const answers = found.nodes.flatMap((one) => ('result' in one ? [one] : []))
  const sum = (of: (status: Status) => number): number => answers.reduce((total, { result }) => total + of(result), 0)
  const queue = [
    `${counted(
      sum((status) => status.queue.count),
      'message',
    )}, ${sizeText(sum((status) => status.queue.bytes))}`,
    `${sum((status) => status.queue.sending)} being sent`,
  ]
  return [
    ...answers.flatMap(({ node, result }) => [paint('bold', nodeHead(node)), statusText(result, sheet, paint), '']),
    ...noAnswerLines(found).map((line) => paint('red', line)),
    `${answers.length} of ${counted(found.nodes.length, 'node')}: ${queue.join(', ')}`,
  ].join('\n')
}

function serverLines(status: Status, { nowMs }: Sheet, paint: Paint): string[] {
  const { version, pid, startedMs, workers, missing, queue, held } = status
  const since = `running since ${timeText(startedMs)} (${spanText(nowMs - startedMs)})`
  const crew = workers + missing > 1 ? `, ${workers + missing} workers` : ''
  const holds = held === 0 ? '' : `, ${held} held`
  const lacking = lacks(status)
  return [
    `dmail ${visible(version)}, ${since}, process ${pid}${crew}`,
    `queue: ${counted(queue.count, 'message')}, ${sizeText(queue.bytes)}, ${queue.sending} being sent${holds}`,
    ...(lacking === undefined ? [] : [paint('yellow', `not everything is counted: ${lacking}`)]),
  ]
}

/** Names longer than this push their line out of the columns. */
const NAME = 30

function domainLines({ domains, otherDomains }: Status, sheet: Sheet, paint: Paint): string[] {
  if (domains.length === 0) return []
  const width = columnOf(domains.map(({ domain }) => domain))
  const lines = domains.flatMap((one) => {
    const [count, bytes, age] = amounts(one, sheet.nowMs)
    const line = columns(visible(one.domain), width, count, bytes, age, nextText(one, sheet.nowMs))
    return one.reason === '' ? [line] : [line, paint('dim', wrapped(visible(one.reason), 4, sheet.width))]
  })
  const more = otherDomains === 0 ? [] : [`and ${counted(otherDomains, 'domain')} more`]
  return ['', paint('bold', columns('DOMAIN', width, 'MAIL', 'SIZE', 'OLDEST', 'NEXT TRY')), ...lines, ...more]
}

/** When mail for a domain is tried next, or why it is not. */
export function nextText({ nextMs, suspended, held, count }: DomainSummary, nowMs: number): string {
  const when = suspended ? 'suspended' : nextMs === undefined ? '-' : inText(nextMs, nowMs)
  if (held === 0) return when
  return held >= count && !suspended ? 'all held' : `${when}, ${held} held`
}

function suspensionLines({ suspensions }: Status, sheet: Sheet, paint: Paint): string[] {
  if (suspensions.length === 0) return []
  const width = columnOf(suspensions.map(({ domain }) => domain))
  const lines = suspensions.map((one) => {
    const [count, bytes, age] = amounts(one, sheet.nowMs)
    return columns(visible(one.domain), width, count, bytes, age, suspensionText(one))
  })
  return ['', paint('bold', columns('SUSPENDED', width, 'MAIL', 'SIZE', 'OLDEST', 'BY')), ...lines]
}

function rasLines({ host, everyMinutes, nextMs, last }: RasStatus, { nowMs, width }: Sheet, paint: Paint): string[] {
  const every = `asks ${visible(host)} for mail every ${counted(everyMinutes, 'minute')}, next ${inText(nextMs, nowMs)}`
  if (last === undefined) return ['', `${every}; not asked yet`]
  const result = last.ok ? paint('green', 'well') : paint('red', 'badly')
  return [
    '',
    `${every}; last at ${timeText(last.atMs)} (${spanText(nowMs - last.atMs)} ago) went ${result}`,
    ...last.replies.map(({ domain, ok, text }) => {
      const line = wrapped(`${visible(domain)}: ${visible(text)}`, 4, width)
      return ok ? line : paint('red', line)
    }),
  ]
}

function amounts(
  { count, bytes, oldestMs }: { readonly count: number; readonly bytes: number; readonly oldestMs?: number },
  nowMs: number,
): [count: string, bytes: string, age: string] {
  const age = count === 0 || oldestMs === undefined ? '-' : spanText(nowMs - oldestMs)
  return [String(count), sizeText(bytes), age]
}

function columnOf(names: readonly string[]): number {
  return Math.min(NAME, Math.max(9, ...names.map((name) => visible(name).length)))
}

function columns(name: string, width: number, count: string, bytes: string, age: string, rest: string): string {
  return `${name.padEnd(width)}  ${count.padStart(6)}  ${bytes.padStart(5)}  ${age.padStart(6)}  ${rest}`
}
