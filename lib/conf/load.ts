import path from 'node:path'
import { parseSettings, type DmailConf } from './dmail-conf.js'
import type { DmailIni } from './ini-keys.js'
import { parseIni, type ParsedIni } from './ini.js'
import { readSettingLines } from './lines.js'
import { checkCluster } from './cluster.js'
import { checkLogins } from './logins.js'
import type { MapPath } from './paths.js'
import type { Problem } from './problem.js'
import { checkRas } from './ras.js'
import { decodeText, readRegularFile } from './read-file.js'
import { checkRedisTables } from './redis-tables.js'

/** What an operator configured, read once and never changed: a reload makes a new one. */
export interface Configuration {
  readonly conf: DmailConf
  readonly ini: DmailIni
  /** The lines of dmail.ini in force. */
  readonly iniLines: ParsedIni['given']
  readonly mapPath: MapPath
  readonly problems: readonly Problem[]
  /** Those of the problems that prevent a first load; any error prevents a reload (C7). */
  readonly fatal: readonly Problem[]
  /** Absolute paths of every file read or missed, for the watcher. */
  readonly files: readonly string[]
}

const MAX_INI_BYTES = 1024 * 1024

/**
 * Reads `config/dmail.ini` and `config/dmail.conf` of a Haraka directory. Never throws for what the files hold: see
 * `problems` and `fatal`. A missing dmail.ini is all defaults; a missing dmail.conf is fatal.
 */
export async function loadConfiguration(harakaDir: string): Promise<Configuration> {
  const base = path.resolve(harakaDir)
  const configDir = path.join(base, 'config')
  const iniFile = path.join(configDir, 'dmail.ini')
  const confFile = path.join(configDir, 'dmail.conf')

  const { ini, mapPath, given: iniLines, problems: iniProblems } = await loadIni(iniFile, base)
  const { lines, problems: lineProblems, files, readable } = await readSettingLines(confFile, configDir, mapPath)
  const common = { ini, iniLines, mapPath, files: [iniFile, ...files] }
  if (!readable) {
    // One error says it; that every required setting is missing as well would only bury it.
    const { conf } = parseSettings([], mapPath, 'dmail.conf')
    return { ...common, conf, problems: [...iniProblems, ...lineProblems], fatal: lineProblems }
  }
  const { conf, problems, fatal } = parseSettings(lines, mapPath, 'dmail.conf')
  return {
    ...common,
    conf,
    problems: [
      ...iniProblems,
      ...lineProblems,
      ...problems,
      ...checkRas(conf, ini),
      ...checkLogins(conf),
      ...checkRedisTables(conf, ini),
      ...checkCluster(ini, iniLines),
    ],
    fatal,
  }
}

async function loadIni(file: string, base: string): Promise<ParsedIni> {
  const content = await readRegularFile(file, MAX_INI_BYTES)
  if (content.ok) return parseIni(decodeText(content.data), 'dmail.ini', base)
  const defaults = parseIni('', 'dmail.ini', base)
  if (content.missing) return defaults
  const { message, hint } = content
  return { ...defaults, problems: [{ severity: 'error', at: { file: 'dmail.ini', line: 1 }, message, hint }] }
}
