/**
 * How long an alias file takes to load, what it costs in memory and how long a look-up takes, for a million lines and
 * for ten. Each size runs in a process of its own, so that one's memory is not the other's.
 *
 *     node dist/bench/alias-load.js [LINES ...]
 */
import { execFileSync } from 'node:child_process'
import { closeSync, mkdtempSync, openSync, rmSync, statSync, writeSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { loadAliasFile } from '../lib/conf/alias-file.js'
import { pathMapper } from '../lib/conf/paths.js'

const LOOK_UPS = 200_000

async function measure(lines: number): Promise<string> {
  const dir = mkdtempSync(path.join(tmpdir(), 'alias-load-'))
  try {
    const file = path.join(dir, 'aliases')
    writeAliases(file, lines)
    const before = process.memoryUsage().rss
    const began = process.hrtime.bigint()
    const { table, problems } = await loadAliasFile(
      file,
      'aliases',
      pathMapper(new Map(), dir),
      new Map([['second.example', 'domain1.com']]),
    )
    const loadMs = Number(process.hrtime.bigint() - began) / 1e6
    const rss = process.memoryUsage().rss
    if (table.size !== lines || problems.length > 0) throw new Error(`${table.size} keys, ${problems.length} problems`)
    return [
      `${lines} lines (${(statSync(file).size / 1e6).toFixed(1)} MB):`,
      `load ${loadMs.toFixed(0)} ms,`,
      `RSS +${((rss - before) / 1e6).toFixed(0)} MB (${(rss / 1e6).toFixed(0)} MB in all),`,
      `look-up ${lookUps((local) => table.find(local, 'domain1.com'), lines).toFixed(0)} ns,`,
      `miss ${lookUps((local) => table.find(`no-${local}`, 'domain1.com'), lines).toFixed(0)} ns`,
    ].join(' ')
  } finally {
    rmSync(dir, { recursive: true })
  }
}

function writeAliases(file: string, lines: number): void {
  const out = openSync(file, 'w')
  // Written in pieces, so that the text does not count as memory of the load.
  for (let i = 0; i < lines; i += 1000) {
    const piece = Array.from({ length: Math.min(1000, lines - i) }, (_, k) => aliasLine(i + k))
    writeSync(out, piece.join(''))
  }
  closeSync(out)
}

function aliasLine(i: number): string {
  return `user.number${i}: mailbox${i}@domain${i % 100}.com\n`
}

/** Nanoseconds a call. The names are spread over the whole file and made beforehand. */
function lookUps(find: (local: string) => unknown, lines: number): number {
  const names = Array.from({ length: LOOK_UPS }, (_, i) => `user.number${(i * 7919) % lines}`)
  let found = 0
  const began = process.hrtime.bigint()
  for (const name of names) if (find(name) !== undefined) found++
  const took = Number(process.hrtime.bigint() - began)
  if (found !== 0 && found !== LOOK_UPS) throw new Error(`${found} of ${LOOK_UPS} names found`)
  return took / LOOK_UPS
}

async function main(): Promise<void> {
  const [, script = '', ...given] = process.argv
  const sizes = given.length > 0 ? given : ['10', '1000000']
  if (sizes.length === 1) {
    console.log(await measure(Number(sizes[0])))
    return
  }
  for (const size of sizes) execFileSync(process.execPath, [script, size], { stdio: 'inherit' })
}

main().catch((error: unknown) => {
  console.error(error)
  process.exitCode = 1
})
