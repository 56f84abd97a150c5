import { parseRecord } from '../record.js'

/** What a node says of itself to others. Plain data. */
export interface NodeSummary {
  readonly version: string
  readonly pid: number
  readonly startedMs: number
  /** Differs where the configuration does. */
  readonly config: string
  readonly messages: number
  /** Those with most mail. */
  readonly domains: readonly (readonly [domain: string, count: number])[]
  /** How many suspensions are in force. */
  readonly suspended: number
}

/** Domains that are named: anybody can have mail for any number of them put into a queue. */
export const MAX_SUMMARY_DOMAINS = 20
const MAX_TEXT = 300
const MAX_SUMMARY = 16 * 1024

export function writeSummary(summary: NodeSummary): string {
  const domains = summary.domains.slice(0, MAX_SUMMARY_DOMAINS).filter(([domain]) => domain.length <= MAX_TEXT)
  return JSON.stringify({ ...summary, domains })
}

/** Undefined for what no node wrote. */
export function readSummary(text: string | undefined): NodeSummary | undefined {
  const read = parseRecord(text ?? '', MAX_SUMMARY)
  if (read === undefined) return undefined
  const { version, pid, startedMs, config, messages, domains, suspended } = read
  if (!isText(version) || !isText(config) || !Array.isArray(domains)) return undefined
  if (![pid, startedMs, messages, suspended].every(isNumber)) return undefined
  return {
    version,
    pid: pid as number,
    startedMs: startedMs as number,
    config,
    messages: messages as number,
    domains: domains
      .slice(0, MAX_SUMMARY_DOMAINS)
      .filter((one): one is [string, number] => Array.isArray(one) && isText(one[0]) && isNumber(one[1])),
    suspended: suspended as number,
  }
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value.length <= MAX_TEXT
}

function isNumber(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0
}
