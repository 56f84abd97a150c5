import { OTHER_SETTINGS } from './settings-other.js'
import { MAIL_SETTINGS } from './settings-mail.js'
import { SERVER_SETTINGS } from './settings-server.js'
import type { Kind, ValueByKind } from './value.js'

/** Whose setting it is: D = DSMTP, C = common, P = DPOP, L = DList, - = not known (semantics 12.1). */
export type Server = 'D' | 'C' | 'P' | 'L' | '-'

/**
 * What becomes of a setting: `suite` acts on it, `haraka` has another place for it, `obsolete` needs nothing,
 * `unsupported` is not done.
 */
export type Handled = 'suite' | 'haraka' | 'obsolete' | 'unsupported'

/** Where Haraka, or a plugin of it, has a key for a setting: `dmail migrate` carries the value there. */
export interface HarakaPlace {
  /** Below config/. */
  readonly file: string
  readonly section: string
  /** Not given: the value itself is the key, as with a list of exceptions. */
  readonly key?: string
  /** How values read there; a value that is not among them is not carried over. Not given: as they are. */
  readonly values?: Readonly<Record<string, string>>
  /** What Haraka's own file comes with: an operator who has that has not decided otherwise. */
  readonly usual?: string
  /** The two do not measure the same: the line is proposed, commented out. What it would say; `$` is the value. */
  readonly proposal?: string
}

/** The declaration of one setting. */
export interface SettingSpec {
  readonly name: string
  readonly kind: Kind
  /** Value where no line gives one. */
  readonly default?: boolean | number | string
  /** Whether every line counts, or only the last (C5). */
  readonly multi: boolean
  readonly server: Server
  readonly handled: Handled
  /** Without it there is no first load (C7). */
  readonly required?: true
  /** A bad value prevents the first load although the setting may be absent. */
  readonly fatal?: true
  /** A bad value is a warning: what DMail wrote there is not known (Q8). */
  readonly lenient?: true
  /** Bounds of a number. */
  readonly min?: number
  readonly max?: number
  /** A further demand on a word, and how to say it. */
  readonly like?: RegExp
  readonly expects?: string
  /** A value that is known and refused. */
  readonly refused?: { readonly value: boolean; readonly message: string; readonly hint: string }
  /** Of a setting that Haraka handles. */
  readonly place?: HarakaPlace
  /** One sentence for the operator: what it does, or where to go instead. */
  readonly note: string
}

/**
 * The settings the suite acts on: one declaration each, which parsing, checking, `dmail config`, the docs' table and
 * the migration report read. Defaults are the legacy ones (semantics 12.1) unless a decision says otherwise.
 */
const SUITE_SETTINGS = [...MAIL_SETTINGS, ...SERVER_SETTINGS] as const

/** Every setting known. */
export const SETTINGS: readonly SettingSpec[] = [...SUITE_SETTINGS, ...OTHER_SETTINGS]

type SuiteSpec = (typeof SUITE_SETTINGS)[number]

/** A setting the suite acts on, with a typed value. */
export type SuiteName = SuiteSpec['name']
/** One that counts once. */
export type SingleName = Extract<SuiteSpec, { multi: false }>['name']
/** One of which every line counts. */
export type MultiName = Extract<SuiteSpec, { multi: true }>['name']

type SpecOf<N extends SuiteName> = Extract<SuiteSpec, { name: N }>

/** The typed value of a setting. */
export type ValueOf<N extends SuiteName> = ValueByKind[SpecOf<N>['kind']]

/** What `one(name)` answers: the value, and undefined only where there is no default. */
export type ValueOrDefault<N extends SuiteName> =
  ValueOf<N> | (SpecOf<N> extends { default: unknown } ? never : undefined)

const BY_NAME: ReadonlyMap<string, SettingSpec> = new Map(SETTINGS.map((spec) => [spec.name, spec]))

/** The declaration of a setting, by its name in lower case. */
export function settingNamed(name: string): SettingSpec | undefined {
  return BY_NAME.get(name)
}
