import { readFileSync, statSync } from 'node:fs'
import path from 'node:path'
import { parse } from 'ini'
import { parseCount, parseDuration, parseFlag } from '../lib/conf/forms.js'
import { decodeText } from '../lib/conf/read-file.js'
import { errorText } from '../lib/error.js'
import { isRecord } from '../lib/record.js'

/** The configuration of a module cannot be used; the text says what to mend. */
export class ConfigError extends Error {}

/** An ini file, read key by key. Each getter gives the fallback where the key is missing and throws ConfigError for a bad value. */
export interface Config {
  text(section: string, key: string, fallback: string): string
  required(section: string, key: string): string
  count(section: string, key: string, fallback: number): number
  /** In milliseconds; written `5s`. */
  duration(section: string, key: string, fallback: number): number
  flag(section: string, key: string, fallback: boolean): boolean
  choice<T extends string>(section: string, key: string, choices: readonly T[], fallback: T): T
  /** `<key>` itself, or what stands in the file that `<key>_file` names; '' where there is neither. */
  secret(section: string, key: string): string
  /** The content of the file a key names, relative to the ini file; undefined without the key. */
  file(section: string, key: string): Buffer | undefined
  /** All keys of a section, undefined where it is not there. */
  section(section: string): ReadonlyMap<string, string> | undefined
  /** Throws ConfigError when there are keys that nobody asked for. */
  finish(): void
}

export function readConfig(file: string): Config {
  const sections = parseSections(file)
  const asked = new Set<string>()

  function find(section: string, key: string): string | undefined {
    asked.add(`${section} ${key}`)
    return sections.get(section)?.get(key)
  }
  function read<T>(
    section: string,
    key: string,
    fallback: T,
    form: string,
    parser: (text: string) => T | undefined,
  ): T {
    const written = find(section, key)
    if (written === undefined) return fallback
    const value = parser(written)
    if (value === undefined) throw new ConfigError(`${file}: [${section}] ${key}=${written} is not ${form}`)
    return value
  }
  function content(named: string): Buffer {
    try {
      return readFileSync(path.resolve(path.dirname(file), named))
    } catch (error) {
      throw new ConfigError(`${file}: ${errorText(error)}`, { cause: error })
    }
  }

  return {
    text: (section, key, fallback) => find(section, key) ?? fallback,
    required(section, key) {
      const value = find(section, key)
      if (value === undefined || value === '') throw new ConfigError(`${file}: [${section}] ${key} is missing`)
      return value
    },
    count: (section, key, fallback) => read(section, key, fallback, 'a whole number', parseCount),
    duration: (section, key, fallback) => read(section, key, fallback, 'a time like 5s', parseDuration),
    flag: (section, key, fallback) => read(section, key, fallback, 'true or false', parseFlag),
    choice: (section, key, choices, fallback) =>
      read(section, key, fallback, `one of ${choices.join(', ')}`, (text) => choices.find((choice) => choice === text)),
    secret(section, key) {
      const named = find(section, `${key}_file`)
      const written = find(section, key)
      if (named === undefined) return written ?? ''
      return decodeText(content(named)).replace(/\r?\n$/, '')
    },
    file(section, key) {
      const named = find(section, key)
      return named === undefined ? undefined : content(named)
    },
    section(section) {
      const all = sections.get(section)
      for (const key of all?.keys() ?? []) asked.add(`${section} ${key}`)
      return all
    },
    finish() {
      const unknown = [...sections]
        .flatMap(([section, keys]) => [...keys.keys()].map((key) => ({ section, key })))
        .filter(({ section, key }) => !asked.has(`${section} ${key}`))
        .map(({ section, key }) => `[${section}] ${key}`)
      if (unknown.length > 0) throw new ConfigError(`${file}: ${unknown.join(', ')} not known`)
    },
  }
}

/** True when accounts other than the owner and the group can read the file. */
export function isOpenToAll(file: string): boolean {
  return ((statSync(file, { throwIfNoEntry: false })?.mode ?? 0) & 0o004) !== 0
}

function parseSections(file: string): ReadonlyMap<string, ReadonlyMap<string, string>> {
  let parsed: Record<string, unknown>
  try {
    parsed = parse(decodeText(readFileSync(file)))
  } catch (error) {
    throw new ConfigError(errorText(error), { cause: error })
  }
  const sections = new Map<string, Map<string, string>>()
  for (const [section, keys] of Object.entries(parsed)) {
    if (!isRecord(keys)) throw new ConfigError(`${file}: ${section} stands before any section`)
    // The library makes true and null of words.
    sections.set(section, new Map(Object.entries(keys).map(([key, value]) => [key, String(value)])))
  }
  return sections
}
