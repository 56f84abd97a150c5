import { writeFileSync } from 'node:fs'
import { cpus, loadavg } from 'node:os'
import { measureEtrn } from './cluster-etrn.js'
import { measureNodes } from './cluster-nodes.js'
import { measureRate } from './cluster-rate.js'
import { readOptions } from './options.js'

/*
 * `npm run bench:cluster`: what it costs to be one node of several. Mail with `[cluster]` on against off; ETRN over three nodes
 * with a large queue; how the load of Redis grows with the nodes.
 *
 *     node dist/bench/cluster.js [--part rate,etrn,nodes] [--queue 100000] [--many 3000] [--nodes 3,10,30,100] [as bench]
 */
async function main(): Promise<void> {
  const argv = process.argv.slice(2)
  const options = readOptions(argv)
  const value = (name: string, otherwise: string): string => {
    const at = argv.indexOf(`--${name}`)
    return (at < 0 ? undefined : argv[at + 1]) ?? otherwise
  }
  const parts = value('part', 'rate,etrn,nodes').split(',')
  const load = loadavg()[0] ?? 0
  const rate = parts.includes('rate') ? await measureRate(options) : undefined
  const etrn = parts.includes('etrn')
    ? await measureEtrn(Number(value('queue', '100000')), Number(value('many', '3000')))
    : undefined
  const nodes = parts.includes('nodes')
    ? await measureNodes(value('nodes', '3,10,30,100').split(',').map(Number))
    : undefined
  process.stdout.write(`\nload before: ${load.toFixed(1)}\n`)
  if (options.json === undefined) return
  const machine = { cpus: cpus().length, node: process.version, load }
  writeFileSync(options.json, `${JSON.stringify({ machine, rate, etrn, nodes }, null, 2)}\n`)
}

main().catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`)
  process.exitCode = 1
})
