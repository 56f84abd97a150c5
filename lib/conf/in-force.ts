import type { DmailConf } from './dmail-conf.js'
import { INI_KEYS, type IniKey } from './ini-keys.js'
import { formatLine } from './lines.js'
import type { Configuration } from './load.js'
import type { At } from './problem.js'
import { settingNamed, type Handled, type MultiName, type SingleName, type SuiteName } from './settings.js'

/** A setting and what is in force of it; plain data. */
export interface SettingInForce {
  /** As in dmail.conf; `section.key` for dmail.ini. */
  readonly name: string
  readonly file: 'dmail.conf' | 'dmail.ini'
  /** As written, in the order in which they count. None: the default is in force. */
  readonly values: readonly { readonly text: string; readonly at: string }[]
  /** Absent where there is none. */
  readonly default?: string
  readonly handled: Handled
  readonly note: string
}

/** What is in force of one setting: `forward`, `drop.mbox`, `[drop] mbox`. undefined: there is no such setting. */
export function settingInForce(configuration: Configuration, asked: string): SettingInForce | undefined {
  const name = asked
    .trim()
    .toLowerCase()
    .replace(/^\[([^\]]*)\]\s*/, '$1.')
  return name.includes('.') || name === 'paths' ? keyInForce(configuration, name) : confInForce(configuration, name)
}

/** Every setting that a file gives a value, dmail.conf's first. */
export function settingsInForce(configuration: Configuration): SettingInForce[] {
  const names = new Set(configuration.conf.list().map(({ name }) => name))
  const sections = new Set(
    [...configuration.iniLines.keys()].map((name) => (name.startsWith('paths.') ? 'paths' : name)),
  )
  return [...names, ...sections].flatMap((name) => settingInForce(configuration, name) ?? [])
}

function confInForce({ conf }: Configuration, name: string): SettingInForce | undefined {
  const spec = settingNamed(name)
  if (spec === undefined) return undefined
  const { handled, note, multi } = spec
  const values =
    handled === 'suite'
      ? inForce(conf, name as SuiteName, multi)
      : conf.list().flatMap((line) => (line.name === name ? { text: line.value, at: line.at } : []))
  return {
    name,
    file: 'dmail.conf',
    values: values.map(({ text, at }) => ({ text, at: formatLine(at) })),
    ...(spec.default === undefined ? {} : { default: String(spec.default) }),
    handled,
    note,
  }
}

function inForce(
  conf: DmailConf,
  name: SuiteName,
  multi: boolean,
): readonly { readonly text: string; readonly at: At }[] {
  if (multi) return conf.all(name as MultiName)
  const line = conf.setting(name as SingleName)
  return line === undefined ? [] : [line]
}

/** What to do when there is no setting of a name. */
export const NO_SETTING = 'keys of dmail.ini are asked for as section.key; docs/settings.md has all'

const PATHS = 'Where Windows paths of dmail.conf and alias files are on this machine: the longest prefix counts.'

function keyInForce({ iniLines }: Configuration, name: string): SettingInForce | undefined {
  if (name === 'paths') {
    const values = [...iniLines].filter(([key]) => key.startsWith('paths.'))
    return {
      name,
      file: 'dmail.ini',
      values: values.map(([key, { text, at }]) => ({
        text: `${key.slice('paths.'.length)} = ${text}`,
        at: formatLine(at),
      })),
      handled: 'suite',
      note: PATHS,
    }
  }
  const row: IniKey | undefined = INI_KEYS.find(({ section, key }) => `${section}.${key}` === name)
  if (row === undefined) return undefined
  const line = iniLines.get(name)
  return {
    name,
    file: 'dmail.ini',
    values: line === undefined ? [] : [{ text: line.text, at: formatLine(line.at) }],
    default: row.default,
    handled: 'suite',
    note: row.note,
  }
}
