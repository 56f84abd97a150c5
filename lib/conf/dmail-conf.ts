import { formatLine, type SettingLine } from './lines.js'
import { parseValue } from './parse-value.js'
import type { MapPath } from './paths.js'
import type { At, Problem } from './problem.js'
import {
  settingNamed,
  SETTINGS,
  type Handled,
  type MultiName,
  type SettingSpec,
  type SingleName,
  type SuiteName,
  type ValueOf,
  type ValueOrDefault,
} from './settings.js'

/** One line in force. */
export interface Setting<V> {
  readonly name: SuiteName
  readonly value: V
  /** The value as written. */
  readonly text: string
  /** Place of the name, and of the value. */
  readonly at: At
  readonly valueAt: At
}

/** One line as `dmail check` lists it, in force or not. */
export interface ListedSetting {
  readonly name: string
  readonly value: string
  readonly at: At
  readonly handled: Handled
  readonly note: string
}

/** The settings of a dmail.conf, by name. */
export interface DmailConf {
  /** Every line of a setting of which every line counts, in file order. */
  all<N extends MultiName>(name: N): readonly Setting<ValueOf<N>>[]
  /** The value in force of a setting that counts once: the last line's (C5), or the default. */
  one<N extends SingleName>(name: N): ValueOrDefault<N>
  /** The line in force of a setting that counts once; undefined where the default is. */
  setting<N extends SingleName>(name: N): Setting<ValueOf<N>> | undefined
  /** Every line that sets something, in file order. */
  list(): readonly ListedSetting[]
}

export interface ParsedConf {
  readonly conf: DmailConf
  readonly problems: readonly Problem[]
  /** Those of the problems that prevent a first load (C7). */
  readonly fatal: readonly Problem[]
}

interface Building {
  readonly mapPath: MapPath
  readonly settings: Map<string, Setting<unknown>[]>
  readonly problems: Problem[]
  readonly fatal: Problem[]
  /** Names whose lines had an error: a required one among them is broken, not missing. */
  readonly broken: Set<string>
}

/** Turns lines into typed settings (C5-C7, C10, R4, R5, U7, U8). `file` names the main file in messages. */
export function parseSettings(lines: readonly SettingLine[], mapPath: MapPath, file: string): ParsedConf {
  const building: Building = { mapPath, settings: new Map(), problems: [], fatal: [], broken: new Set() }
  for (const line of lines) readSetting(building, line)
  for (const { name, required, note } of SETTINGS) {
    if (required !== true || building.settings.has(name) || building.broken.has(name)) continue
    report(building, 'error', { file, line: 1 }, `${name} is missing`, `add a line "${name} ...": ${note}`, true)
  }
  checkAuthentication(building)
  const { settings, problems, fatal } = building
  return { conf: makeConf(settings, lines.map(listed)), problems, fatal }
}

function readSetting(building: Building, line: SettingLine): void {
  const spec = settingNamed(line.name)
  if (spec === undefined) {
    const hint = /recent_?pop|pop_?before/.test(line.name)
      ? 'POP before SMTP is replaced by SMTP AUTH: set forward_user true; the line is ignored'
      : 'check the spelling; the line is ignored'
    report(building, 'warning', line.at, `"${line.name}" is not a known setting`, hint)
  } else if (spec.handled === 'suite') {
    readSuiteSetting(building, line, spec)
  } else if (spec.handled !== 'obsolete') {
    report(building, 'warning', line.at, whyIgnored(spec), spec.note)
  }
}

/** C6: a setting of another server of the DMail family is named as such. */
function whyIgnored({ name, server, handled }: SettingSpec): string {
  if (server === 'P') return `${name} is a setting of the POP server (DPOP)`
  if (server === 'L') return `${name} is a setting of the mailing list server (DList)`
  return handled === 'haraka' ? `${name} is set in Haraka, not here` : `${name} is not supported`
}

function readSuiteSetting(building: Building, line: SettingLine, spec: SettingSpec): void {
  const fatal = spec.required === true || spec.fatal === true
  const fail = (message: string, hint: string, offset = 0): void => {
    building.broken.add(spec.name)
    report(building, spec.lenient === true ? 'warning' : 'error', shift(line.valueAt, offset), message, hint, fatal)
  }
  if (line.value === '') {
    fail(`${spec.name} has no value`, `remove the line or give it a value: ${spec.note}`)
    return
  }
  const { mapPath } = building
  const parsed = parseValue(spec.kind, line.value, { name: spec.name, mapPath, min: spec.min, max: spec.max })
  if (!parsed.ok) {
    fail(parsed.message, parsed.hint, parsed.offset)
    return
  }
  const { value } = parsed
  if (spec.refused !== undefined && spec.refused.value === value) {
    fail(spec.refused.message, spec.refused.hint)
    return
  }
  if (spec.like !== undefined && typeof value === 'string' && !spec.like.test(value)) {
    fail(`"${value}" is not good for ${spec.name}`, `it takes ${spec.expects ?? 'another form'}`)
    return
  }
  for (const { message, hint, offset } of parsed.warnings) {
    report(building, 'warning', shift(line.valueAt, offset), message, hint)
  }
  keep(building, spec, { name: spec.name as SuiteName, value, text: line.value, at: line.at, valueAt: line.valueAt })
}

function keep(building: Building, spec: SettingSpec, setting: Setting<unknown>): void {
  const before = building.settings.get(spec.name)
  if (before === undefined) {
    building.settings.set(spec.name, [setting])
    return
  }
  const [earlier] = before
  if (spec.multi || earlier === undefined) {
    before.push(setting)
    return
  }
  const message = `${spec.name} is given twice: ${formatLine(setting.at)} wins over ${formatLine(earlier.at)}`
  report(building, 'warning', setting.at, message, 'remove one of the two lines')
  before[0] = setting
}

/** Semantics 5: the external method is a program, so without one nobody exists. */
function checkAuthentication(building: Building): void {
  const [method] = building.settings.get('authent_method') ?? []
  if (method?.value !== 'external') return
  if (building.settings.has('authent_process') || building.broken.has('authent_process')) return
  const hint = 'add a line "authent_process /path/of/the/module"'
  report(building, 'error', method.valueAt, 'authent_method external needs authent_process', hint, true)
}

function report(
  building: Building,
  severity: Problem['severity'],
  at: At,
  message: string,
  hint: string,
  fatal = false,
): void {
  const problem: Problem = { severity, at, message, hint }
  building.problems.push(problem)
  if (fatal) building.fatal.push(problem)
}

function shift(at: At, offset: number): At {
  return { ...at, column: (at.column ?? 1) + offset }
}

function listed(line: SettingLine): ListedSetting {
  const spec = settingNamed(line.name)
  return {
    name: line.name,
    value: line.value,
    at: line.at,
    handled: spec?.handled ?? 'unsupported',
    note: spec?.note ?? 'Not a known setting; ignored.',
  }
}

function makeConf(settings: ReadonlyMap<string, Setting<unknown>[]>, lines: readonly ListedSetting[]): DmailConf {
  // The kind of a name decides the type of its values here and in parseValue, from the same table row.
  const linesOf = <N extends SuiteName>(name: N): readonly Setting<ValueOf<N>>[] =>
    (settings.get(name) ?? []) as readonly Setting<ValueOf<N>>[]
  return {
    all: linesOf,
    one: <N extends SingleName>(name: N) =>
      (linesOf(name)[0]?.value ?? settingNamed(name)?.default) as ValueOrDefault<N>,
    setting: (name) => linesOf(name)[0],
    list: () => lines,
  }
}
