import type { Rate } from './forms.js'
import { MAIL_KEYS } from './ini-keys-mail.js'
import { MAIN_KEYS, SERVER_KEYS } from './ini-keys-server.js'
import type { PatternList } from './value.js'

/** The typed value of each kind of key in dmail.ini. */
export interface IniValueByKind {
  bool: boolean
  count: number
  /** Milliseconds. */
  duration: number
  /** Bytes. */
  size: number
  rate: Rate
  ips: PatternList
  text: string
  /** Names of a comma list. */
  list: readonly string[]
  /** Full paths of a comma list (C10). */
  paths: readonly string[]
  mbox: 'mboxrd' | 'mboxo'
  'exit-status': 'sysexits' | 'ignore'
  'hash-method': 0 | 1 | 2
}

export type IniKind = keyof IniValueByKind

/** The declaration of one key. */
export interface IniKey {
  readonly section: string
  readonly key: string
  readonly kind: IniKind
  /** As it would be written in the file. */
  readonly default: string
  /** The smallest number, count or duration (in milliseconds) that makes sense. */
  readonly min?: number
  /** A limit that `off` turns off: its value is then Infinity. Only for limits that are compared, never for timers. */
  readonly off?: true
  /** A value that is honoured and complained about at every load. */
  readonly warns?: { readonly value: boolean; readonly message: string; readonly hint: string }
  readonly note: string
}

/** Every key of dmail.ini but those of [paths], whose keys are the prefixes of C10. */
export const INI_KEYS = [...MAIN_KEYS, ...MAIL_KEYS, ...SERVER_KEYS] as const

type Row = (typeof INI_KEYS)[number]

type Camel<S extends string> = S extends `${infer Head}_${infer Tail}` ? `${Head}${Capitalize<Camel<Tail>>}` : S

type Section<S extends Row['section']> = {
  readonly [R in Extract<Row, { section: S }> as Camel<R['key']>]: IniValueByKind[R['kind']]
}

/** The values of dmail.ini, frozen: `ini.routing.rematchForwards`. Durations in milliseconds, sizes in bytes. */
export type DmailIni = { readonly [S in Row['section']]: Section<S> } & {
  /** Prefixes of C10 as written -> directory of this machine. */
  readonly paths: ReadonlyMap<string, string>
}
