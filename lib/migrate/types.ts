import type { At } from '../conf/problem.js'
import type { Handled } from '../conf/settings.js'
import type { ReportedDestination } from '../routing/report.js'

/** What one file of the Haraka directory should hold. Names are relative to that directory. */
export interface PlannedFile {
  readonly name: string
  /** What it holds now; undefined where there is none. */
  readonly before: Buffer | undefined
  readonly after: Buffer
  /** The permission bits of a new file. */
  readonly mode: number
  /** What was done to it, a line each, for people. */
  readonly changes: readonly string[]
  /** The operator's own, which is left as it is; `changes` says what that means. */
  readonly kept: boolean
}

/** A line of the legacy configuration that is not taken over as it stands. */
export interface LineEdit {
  /** Absolute path of the legacy file. */
  readonly file: string
  readonly line: number
  readonly name: string
  readonly was: string
  readonly now: string
  readonly why: string
}

/** One path of the legacy configuration. */
export interface MappedLine {
  readonly at: string
  readonly name: string
  readonly written: string
  /** Of this machine; null where no prefix covers it. */
  readonly path: string | null
  readonly exists: boolean
}

/** A prefix of `[paths]`. */
export interface Prefix {
  readonly from: string
  readonly to: string
  /** `option`: --map; `dmail.ini`: it stood there; `found`: its files lie beside the dmail.conf. */
  readonly by: 'option' | 'dmail.ini' | 'found'
}

/** An address that belonged to a mailing list. */
export interface ListAddress {
  readonly address: string
  readonly list: string
  readonly at: At
}

export type FileAction = 'created' | 'changed' | 'unchanged' | 'kept'

/** A line of the JSON that `dmail migrate` prints. */
export interface ReportedFile {
  readonly path: string
  readonly action: FileAction
  readonly backup: string | null
  readonly changes: readonly string[]
}

export interface ReportedSetting {
  readonly name: string
  readonly value: string
  readonly at: string
  readonly handled: Handled
  /** What became of it, in words. */
  readonly became: string
  readonly note: string
}

/** An address and where its mail goes. */
export interface Routed {
  readonly address: string
  readonly accepted: boolean
  readonly code: number
  readonly text: string
  readonly destinations: readonly ReportedDestination[]
}

export interface ReportedList {
  readonly address: string
  readonly list: string
  readonly at: string
  readonly accepted: boolean
  readonly destinations: readonly ReportedDestination[]
}

/** Somebody whose mail goes elsewhere than with DMail. */
export interface Elsewhere {
  readonly address: string
  readonly why: string
  readonly at: string | null
  readonly destinations: readonly ReportedDestination[]
}

/** An address whose mail goes elsewhere in one configuration than in another. */
export interface Compared {
  readonly address: string
  readonly before: Routed
  readonly after: Routed
}
