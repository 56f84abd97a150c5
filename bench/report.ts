import { writeFileSync } from 'node:fs'
import { cpus } from 'node:os'
import type { Measurement } from './measure.js'
import { spreadOf, table } from './statistics.js'

/** Prints a table of medians, with the ratio to a reference server of the same round, and writes all of it as JSON. */
export function report(rounds: readonly (readonly Measurement[])[], reference: string, json: string | undefined): void {
  const rows: string[][] = []
  const [first] = rounds
  for (const { server, case: name, kept, clients } of first ?? []) {
    const same = rounds.flatMap((round) =>
      round.filter((one) => one.server === server && one.case === name && one.kept === kept),
    )
    const ratios = rounds.flatMap((round) => ratioIn(round, server, name, kept, reference))
    const ratio = spreadOf(ratios)
    const median = (pick: (one: Measurement) => number): number => spreadOf(same.map(pick)).median
    rows.push([
      `${name}, ${kept ? 'kept' : 'single'}`,
      server,
      String(clients),
      median((one) => one.deliveriesPerSecond).toFixed(0),
      ratios.length === 0 ? '' : `${ratio.median.toFixed(2)} (${ratio.least.toFixed(2)}-${ratio.most.toFixed(2)})`,
      median((one) => one.p50).toFixed(1),
      median((one) => one.p99).toFixed(1),
      median((one) => one.cpuPerThousand).toFixed(2),
      median((one) => one.peakMegabytes).toFixed(0),
      [...new Set(same.flatMap((one) => one.problems))].join('; ') || 'all arrived once',
    ])
  }
  const head = [
    'case',
    'server',
    'clients',
    'per s',
    `of ${reference}`,
    'p50 ms',
    'p99 ms',
    'cpu s/1000',
    'peak MB',
    'arrivals',
  ]
  process.stdout.write(`\n${table(head, rows)}\n`)
  if (json !== undefined) {
    const machine = { cpus: cpus().length, node: process.version }
    writeFileSync(json, `${JSON.stringify({ machine, rounds }, null, 2)}\n`)
  }
}

/** A message thrown away counts as one delivery, so list cases have no ceiling to compare with. */
function ratioIn(
  round: readonly Measurement[],
  server: string,
  name: string,
  kept: boolean,
  reference: string,
): number[] {
  const of = (which: string): Measurement | undefined =>
    round.find((one) => one.server === which && one.kept === kept && one.case === name)
  const [mine, theirs] = [of(server), of(reference)]
  return mine === undefined || theirs === undefined || server === reference
    ? []
    : [mine.deliveriesPerSecond / theirs.deliveriesPerSecond]
}
