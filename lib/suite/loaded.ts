import path from 'node:path'
import { loadAliasFile, type AliasTable } from '../conf/alias-file.js'
import { loadConfiguration, type Configuration } from '../conf/load.js'
import type { Problem } from '../conf/problem.js'
import { findAccount } from '../directory/account.js'
import type { Texts } from '../dsn/texts.js'
import type { LocalDomain } from '../routing/domains.js'
import { isBelow } from '../routing/forward-file.js'
import type { AliasFile } from '../routing/tables.js'
import { checkFilterRules } from './filter-rules.js'
import { loadTexts } from './report-texts.js'
import { aliasFiles, localDomains, otherNames } from './tables.js'

/** How long the name service may take to tell an account. */
export const ACCOUNT_TIMEOUT_MS = 10_000

/** An alias file that was read. */
export interface LoadedFile extends AliasFile {
  readonly table: AliasTable
}

/** Everything that was read to make a snapshot, whether or not it can be one. */
export interface Loaded {
  readonly configuration: Configuration
  readonly aliases: ReadonlyMap<string, LoadedFile>
  readonly domains: ReadonlyMap<string, LocalDomain>
  /** The texts of reports in force. */
  readonly texts: Texts
  readonly problems: readonly Problem[]
  /** What forbids a first start (C7). */
  readonly fatal: readonly Problem[]
  /** Every file involved, for the watcher. */
  readonly files: readonly string[]
}

/** Reads dmail.conf, dmail.ini and every alias file of a Haraka directory. Never throws for what the files hold. */
export async function loadAll(harakaDir: string): Promise<Loaded> {
  const configuration = await loadConfiguration(harakaDir)
  const { mapPath } = configuration
  const domains = localDomains(configuration)
  const names = otherNames(domains)
  const aliases = new Map<string, LoadedFile>()
  const problems: Problem[] = [...configuration.problems]
  const files: string[] = [...configuration.files]
  for (const file of aliasFiles(configuration)) {
    const label = labelOf(file, harakaDir)
    const { table, readable, problems: found, files: read } = await loadAliasFile(file, label, mapPath, names)
    aliases.set(file, { label, readable, table })
    problems.push(...found)
    files.push(...read)
  }
  problems.push(...(await checkRobotUser(configuration)), ...(await checkFilterRules(configuration.conf)))
  const {
    texts,
    problems: wrong,
    files: textFiles,
  } = await loadTexts(configuration.ini.dsn.texts, (file) => labelOf(file, harakaDir))
  problems.push(...wrong)
  files.push(...textFiles)
  return { configuration, aliases, domains, texts, problems, fatal: configuration.fatal, files }
}

/** A `[robot] user` that is no account would let robots run as the server itself, or not at all. */
async function checkRobotUser({ ini }: Configuration): Promise<Problem[]> {
  const { user } = ini.robot
  if (user === '' || (await findAccount(user, ACCOUNT_TIMEOUT_MS)) !== undefined) return []
  const message = `[robot] user: there is no account "${user}" on this machine`
  return [
    { severity: 'error', at: { file: 'dmail.ini', line: 1 }, message, hint: 'name an account that robots may run as' },
  ]
}

/** How messages call a file: from config/ where it lies there, else by its full path. */
export function labelOf(file: string, harakaDir: string): string {
  const config = path.join(path.resolve(harakaDir), 'config')
  return isBelow(file, [config]) ? path.relative(config, file) : file
}
