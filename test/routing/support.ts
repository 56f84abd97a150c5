import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { ReportedDestination, RouteReport } from '../../lib/routing/report.js'
import { withSite, type Sender, type Site } from './site.js'

export * from './site.js'

/** A mailbox; its path is that of a main domain's user unless given. */
export function mailbox(user: string, file = `{dir}/in/${user}`): ReportedDestination {
  return { kind: 'mailbox', user, path: file }
}

export function remote(address: string, via: string | null = null): ReportedDestination {
  return { kind: 'remote', address, via }
}

export function robot(...argv: string[]): ReportedDestination {
  return { kind: 'robot', argv }
}

export function file(name: string): ReportedDestination {
  return { kind: 'file', path: name }
}

export const discard: ReportedDestination = { kind: 'discard' }

/** What a test says of one recipient: data, so that the command and the hook can be held against the same rows. */
export interface Row {
  readonly site: Site
  readonly address: string
  readonly sender: Sender
  readonly destinations: readonly ReportedDestination[]
  readonly reply: string
  readonly steps: readonly string[]
  readonly omitted: readonly string[]
  from(sender: Sender): Row
  goesTo(...destinations: ReportedDestination[]): Row
  isRefused(code: number, enhanced: string): Row
  /** Each `step at` is in the trace, in this order: `forward dmail.conf:1`. */
  tells(...steps: string[]): Row
  /** Each is left out, with a warning in the trace. */
  leavesOut(...inputs: string[]): Row
}

type RowData = Pick<Row, 'site' | 'address' | 'sender' | 'destinations' | 'reply' | 'steps' | 'omitted'>

function makeRow(data: RowData): Row {
  return {
    ...data,
    from: (sender) => makeRow({ ...data, sender }),
    goesTo: (...destinations) => makeRow({ ...data, destinations, reply: '250 2.1.5' }),
    isRefused: (code, enhanced) => makeRow({ ...data, reply: `${code} ${enhanced}` }),
    tells: (...steps) => makeRow({ ...data, steps }),
    leavesOut: (...omitted) => makeRow({ ...data, omitted }),
  }
}

/** The start of a row: `given({...}).route('sales@domain1.com').goesTo(mailbox('fred'))`. */
export function given(site: Site): { route(address: string): Row } {
  return {
    route: (address) =>
      makeRow({ site, address, sender: {}, destinations: [], reply: 'not said', steps: [], omitted: [] }),
  }
}

/** Holds a report against its row. */
export function check(report: RouteReport, row: Row): void {
  const { code, enhanced } = report.reply
  assert.equal(`${code} ${enhanced}`, row.reply, JSON.stringify(report, null, 1))
  assert.deepEqual(sorted(report.destinations), sorted(row.destinations))
  assert.equal(report.accepted, row.destinations.length > 0)
  let from = 0
  const told = report.trace.map(({ step, at }) => `${step}${at === null ? '' : ` ${at}`}`)
  for (const step of row.steps) {
    const at = told.indexOf(step, from)
    assert.ok(at >= 0, `"${step}" is not in the trace: ${told.join(', ')}`)
    from = at + 1
  }
  const omitted = report.trace.filter(({ step }) => step === 'left-out').map(({ input }) => input)
  for (const input of row.omitted) assert.ok(omitted.includes(input), `left out: ${omitted.join(', ')}`)
}

/** The order of destinations means nothing. */
export function sorted(destinations: readonly ReportedDestination[]): string[] {
  return destinations.map((one) => JSON.stringify(one)).sort()
}

/** Runs one row on a server of its own. */
export async function verify(row: Row): Promise<void> {
  await withSite(row.site, async (site) => {
    check(await site.report(row.address, row.sender), row)
  })
}

/** A table of rows, each named by the sentence it stands for. */
export function table(title: string, rows: Readonly<Record<string, Row>>): void {
  describe(title, () => {
    for (const [sentence, row] of Object.entries(rows)) it(sentence, () => verify(row))
  })
}
