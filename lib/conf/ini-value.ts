import { parseCount, parseDuration, parseFlag, parseList, parseRate, parseSize, type Rate } from './forms.js'
import type { IniKey, IniKind, IniValueByKind } from './ini-keys.js'
import { compileIpList } from './ip-list.js'
import type { MapPath } from './paths.js'
import type { PatternList } from './value.js'

/** Why a value cannot be taken, and what to do. */
export interface Bad {
  readonly bad: string
  readonly hint: string
}
export type IniValue = IniValueByKind[IniKind]

export function isBad(value: IniValue | Bad): value is Bad {
  return typeof value === 'object' && 'bad' in value
}

/** Reads what is written for one key. */
export function readIniValue(row: IniKey, text: string, mapPath: MapPath): IniValue | Bad {
  if (row.off === true && text.toLowerCase() === 'off') return row.kind === 'rate' ? NO_LIMIT : Number.POSITIVE_INFINITY
  if (row.kind === 'paths') return readPaths(text, mapPath)
  const value = READERS[row.kind](text)
  if (value === undefined)
    return { bad: `"${text}" is not ${FORMS[row.kind]}`, hint: `the default is ${row.key}=${row.default}` }
  if (typeof value === 'number' && row.min !== undefined && value < row.min) {
    const least = row.kind === 'duration' ? `${row.min / 1000}s` : String(row.min)
    return { bad: `"${text}" is too small`, hint: `${row.key} is at least ${least}` }
  }
  return value
}

/** Any number at any time. */
const NO_LIMIT: Rate = { count: Number.POSITIVE_INFINITY, per: 1000 }

function readIps(text: string): PatternList | undefined {
  try {
    return Object.freeze({ text, matches: compileIpList(text) })
  } catch {
    return undefined
  }
}

function readPaths(text: string, mapPath: MapPath): readonly string[] | Bad {
  const paths: string[] = []
  for (const written of parseList(text)) {
    const mapped = mapPath(written)
    if (!mapped.ok) return { bad: mapped.message, hint: mapped.hint }
    paths.push(mapped.path)
  }
  return Object.freeze(paths)
}

function oneOf<T extends string>(...words: readonly T[]): (text: string) => T | undefined {
  return (text) => words.find((word) => word === text.toLowerCase())
}

const READERS: Readonly<Record<Exclude<IniKind, 'paths'>, (text: string) => IniValue | undefined>> = {
  bool: parseFlag,
  count: parseCount,
  duration: parseDuration,
  size: parseSize,
  rate: parseRate,
  ips: readIps,
  text: (text) => text,
  list: (text) => Object.freeze(parseList(text)),
  mbox: oneOf('mboxrd', 'mboxo'),
  'exit-status': oneOf('sysexits', 'ignore'),
  'hash-method': (text) => [0, 1, 2].find((method) => String(method) === text),
}

const FORMS: Readonly<Record<Exclude<IniKind, 'paths'>, string>> = {
  bool: 'true or false',
  count: 'a whole number',
  duration: 'a duration (a number and s, m, h or d)',
  size: 'a size (a number, with k, m or g)',
  rate: 'a rate (count/duration)',
  ips: 'a list of IP addresses (10.1.2.3, 10.1.2.*, 10.1.2.0/24, 10.1.2.3-10.1.2.9)',
  text: 'a text',
  list: 'a list',
  mbox: 'mboxrd or mboxo',
  'exit-status': 'sysexits or ignore',
  'hash-method': '0, 1 or 2',
}
