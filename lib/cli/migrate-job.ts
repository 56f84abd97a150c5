import { stat } from 'node:fs/promises'
import path from 'node:path'
import { decodeText, readRegularFile } from '../conf/read-file.js'
import { MigrateError } from '../migrate/plan.js'
import type { Addresses } from '../migrate/verify.js'

export interface MigrateOptions {
  readonly config: string
  readonly json: boolean
  readonly from?: string
  readonly map: readonly string[]
  readonly listen?: string
  readonly replace: boolean
  readonly dryRun: boolean
  /** A file of addresses, or true for all the site has. */
  readonly verify?: string | true
  readonly compare?: string
}

const MAX_ADDRESSES_BYTES = 64 * 1024 * 1024

/** What one call is to do, all names resolved. */
export interface MigrateJob {
  readonly directory: string
  readonly from: string | undefined
  readonly maps: ReadonlyMap<string, string>
  /** Undefined: none were asked for by name. */
  readonly addresses: Addresses | undefined
  readonly verify: boolean
  readonly compare: string | undefined
}

/** What the options ask for. Rejects with MigrateError where they do not go together, or name what is not there. */
export async function readMigrateJob(dir: string | undefined, options: MigrateOptions): Promise<MigrateJob> {
  const { from, compare, config, verify } = options
  if (from === undefined && verify === undefined && compare === undefined) {
    throw new MigrateError('migrate needs --from', 'name the dmail.conf of DMail', true)
  }
  if (
    from === undefined &&
    (options.dryRun || options.replace || options.listen !== undefined || options.map.length > 0)
  ) {
    throw new MigrateError('without --from nothing is migrated', 'name the dmail.conf of DMail', true)
  }
  // `--verify DIR` was meant to be `--verify`, and DIR.
  const isDirectory = dir === undefined && typeof verify === 'string' && (await isDir(verify))
  const directory = path.resolve(dir ?? (isDirectory ? verify : config))
  if (compare !== undefined && !(await isDir(compare))) {
    throw new MigrateError(`${compare} is not a directory`, '--compare takes another Haraka directory', true)
  }
  const file = typeof verify === 'string' && !isDirectory ? verify : undefined
  return {
    directory,
    from: from === undefined ? undefined : path.resolve(from),
    maps: new Map(options.map.map(readMap)),
    addresses: file === undefined ? undefined : await readAddresses(file),
    verify: verify !== undefined,
    compare: compare === undefined ? undefined : path.resolve(compare),
  }
}

async function isDir(name: string): Promise<boolean> {
  return stat(name)
    .then((found) => found.isDirectory())
    .catch(() => false)
}

function readMap(text: string): [string, string] {
  const [, from = '', to = ''] = /^\s*(.*?)\s*=\s*(.*?)\s*$/.exec(text) ?? []
  if (from === '' || to === '') {
    throw new MigrateError(`--map "${text}" is not a prefix and a directory`, "write 'c:\\dmail=/var/dmail'", true)
  }
  return [from, path.resolve(to)]
}

async function readAddresses(file: string): Promise<Addresses> {
  const content = await readRegularFile(file, MAX_ADDRESSES_BYTES)
  if (!content.ok) throw new MigrateError(content.message, content.hint, true)
  return decodeText(content.data)
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map((address) => ({ address }))
}
