import { createWriteStream } from 'node:fs'
import { rename, rm } from 'node:fs/promises'
import path from 'node:path'
import { pipeline } from 'node:stream/promises'
import { RedisAway } from '../cluster/connection.js'
import { loadAliasFile } from '../conf/alias-file.js'
import type { CheckLine } from '../conf/check.js'
import { loadConfiguration, type Configuration } from '../conf/load.js'
import { formatAt, type Problem } from '../conf/problem.js'
import { readRedisTable, REDIS_TABLE_HINT } from '../conf/redis-table.js'
import { redisTables, type NamedTable } from '../conf/redis-tables.js'
import { errorText } from '../error.js'
import { differences, linesOf, type Difference } from '../redis-tables/diff.js'
import { importFile, judgeFile } from '../redis-tables/import.js'
import type { RedisTables } from '../redis-tables/tables.js'
import { openTables } from '../suite/redis.js'
import { localDomains, otherNames } from '../suite/tables.js'
import { problemLine } from './reload.js'
import { complain, printed, progressLine, type ServerOptions } from './server.js'
import { EXIT, painter, printJson, type Exit, type Terminal } from './terminal.js'
import { visible } from '../text/values.js'

export interface ImportFlags extends ServerOptions {
  readonly merge: boolean
}

/** Differences that `--json` holds; all are counted. */
const MAX_DIFFERENCES = 1000

/** `dmail tables import`: exit 1 where the file has an error, and nothing is done then. */
export function importCommand(file: string, name: string, options: ImportFlags, terminal: Terminal): Promise<Exit> {
  return withTable(name, options, terminal, async ({ table, holds, configuration, redis }) => {
    const { mapPath } = configuration
    const names = holds === 'aliases' ? otherNames(localDomains(configuration)) : undefined
    const loaded = await loadAliasFile(path.resolve(file), file, mapPath, names)
    const problems = [...(await judgeFile(loaded, file, holds, mapPath))]
    if (loaded.readable && loaded.table.size === 0 && problems.length === 0) {
      problems.push({ severity: 'error', at: { file, line: 1 }, message: 'the file has no entries', hint: EMPTY_HINT })
    }
    const good = !problems.some(({ severity }) => severity === 'error')
    if (good) {
      const { show, clear } = progressLine(terminal)
      const { merge } = options
      await importFile(loaded.table, redis.store, { key: redis.keyOf(table), merge, mapPath, progress: show }).finally(
        clear,
      )
    }
    const entries = good ? loaded.table.size : 0
    const [errors, warnings] = [linesIn(problems, 'error'), linesIn(problems, 'warning')]
    if (options.json) {
      printJson(terminal, { table, entries, errors, warnings })
    } else {
      const paint = painter(terminal)
      for (const line of errors) terminal.out.write(`${problemLine('red', 'error', line, paint)}\n`)
      for (const line of warnings) terminal.out.write(`${problemLine('yellow', 'warning', line, paint)}\n`)
      terminal.out.write(good ? `${entriesText(entries)} now in ${table}\n` : `${table} was left as it is\n`)
    }
    return good ? EXIT.done : EXIT.problems
  })
}

const EMPTY_HINT = 'to empty a table remove its key in Redis'

/** `dmail tables export`. */
export function exportCommand(
  name: string,
  file: string | undefined,
  options: ServerOptions,
  terminal: Terminal,
): Promise<Exit> {
  return withTable(name, options, terminal, async ({ table, redis }) => {
    const lines = linesOf(redis.store, redis.keyOf(table))
    if (file === undefined) {
      for await (const line of lines) await printed(terminal, line)
      return EXIT.done
    }
    const unfinished = `${file}.${process.pid}.new`
    let entries = 0
    try {
      await pipeline(
        async function* () {
          for await (const line of lines) {
            entries++
            yield line
          }
        },
        createWriteStream(unfinished, { flags: 'wx', mode: 0o640 }),
      )
      await rename(unfinished, file)
    } catch (error) {
      await rm(unfinished, { force: true })
      throw error
    }
    if (options.json) printJson(terminal, { table, file, entries })
    else terminal.out.write(`${entriesText(entries)} of ${table} written to ${visible(file)}\n`)
    return EXIT.done
  })
}

/** `dmail tables diff`: exit 0 where both mean the same, 1 where not. */
export function diffCommand(file: string, name: string, options: ServerOptions, terminal: Terminal): Promise<Exit> {
  return withTable(name, options, terminal, async ({ table, configuration, redis }) => {
    const { mapPath } = configuration
    const loaded = await loadAliasFile(path.resolve(file), file, mapPath)
    const errors = loaded.problems.filter(({ severity }) => severity === 'error')
    if (errors.length > 0) {
      for (const { at, message, hint } of errors) complain(terminal, `${formatAt(at)}: ${message}`, hint)
      return EXIT.usage
    }
    const count = { onlyInFile: 0, onlyInRedis: 0, different: 0 }
    const first: Difference[] = []
    const paint = painter(terminal)
    for await (const one of differences(loaded.table, redis.store, redis.keyOf(table), mapPath)) {
      count[one.redis === null ? 'onlyInFile' : one.file === null ? 'onlyInRedis' : 'different']++
      if (options.json) {
        if (first.length < MAX_DIFFERENCES) first.push(one)
        continue
      }
      if (one.file !== null) await printed(terminal, `${paint('red', '-')} ${visible(`${one.key}: ${one.file}`)}\n`)
      if (one.redis !== null) await printed(terminal, `${paint('green', '+')} ${visible(`${one.key}: ${one.redis}`)}\n`)
    }
    const same = count.onlyInFile + count.onlyInRedis + count.different === 0
    if (options.json) printJson(terminal, { table, file, same, ...count, entries: first })
    else terminal.out.write(same ? `${visible(file)} and ${table} say the same\n` : `${summary(count)}\n`)
    return same ? EXIT.done : EXIT.problems
  })
}

function summary({ onlyInFile, onlyInRedis, different }: Readonly<Record<string, number>>): string {
  return `${onlyInFile} only in the file, ${onlyInRedis} only in Redis, ${different} different`
}

function entriesText(count: number): string {
  return count === 1 ? '1 entry' : `${count} entries`
}

function linesIn(problems: readonly Problem[], severity: Problem['severity']): CheckLine[] {
  return problems
    .filter((problem) => problem.severity === severity)
    .map(({ at, message, hint }) => ({ at: formatAt(at), message, hint }))
}

interface Opened {
  /** `redis:NAME`. */
  readonly table: string
  readonly holds: NamedTable['holds']
  readonly configuration: Configuration
  readonly redis: RedisTables
}

/** Opens a table of the Haraka directory. Exit 2 for a name that is none, 75 where Redis is away, 1 where it says no. */
async function withTable(
  name: string,
  { config }: ServerOptions,
  terminal: Terminal,
  use: (opened: Opened) => Promise<Exit>,
): Promise<Exit> {
  const table = readRedisTable(name)
  if (table === undefined) {
    complain(terminal, `${name} is not a table in Redis`, REDIS_TABLE_HINT)
    return EXIT.usage
  }
  const configuration = await loadConfiguration(config)
  const named = redisTables(configuration.conf).filter((each) => each.table === table)
  // A table for both has to be good for aliases, which have more forms.
  const holds = named.length > 0 && named.every((each) => each.holds === 'forwards') ? 'forwards' : 'aliases'
  const redis = openTables({ configuration }, config, () => undefined)
  try {
    return await use({ table, holds, configuration, redis })
  } catch (error) {
    if (error instanceof RedisAway) {
      complain(terminal, error.message, 'config/redis.ini says where it is')
      return EXIT.unreachable
    }
    complain(terminal, errorText(error))
    return EXIT.problems
  } finally {
    redis.close()
  }
}
