import type { SettingLine } from '../conf/lines.js'
import { parseValue } from '../conf/parse-value.js'
import type { MapPath } from '../conf/paths.js'
import { settingNamed } from '../conf/settings.js'
import type { SourceFile } from './source.js'

/** A path as it stands in a line. */
export interface WrittenPath {
  readonly line: SettingLine
  readonly written: string
  /** Whether the value is a place on the disk and nothing else: such a path may be relative. */
  readonly isPlace: boolean
}

const PLACES = new Set(['path', 'domain-path', 'any-domain-path', 'alias-table', 'vdomain'])

/** The paths in the settings of a file: exactly those that the configuration maps, because its own parsers are asked. */
export function writtenPaths(file: SourceFile): WrittenPath[] {
  return file.settings.flatMap((line) => {
    const spec = settingNamed(line.name)
    if (spec === undefined || line.value === '') return []
    const found: string[] = []
    const listen: MapPath = (written) => {
      found.push(written)
      return { ok: true, path: written }
    }
    parseValue(spec.kind, line.value, { name: spec.name, mapPath: listen })
    return found.map((written) => ({ line, written, isPlace: PLACES.has(spec.kind) }))
  })
}

/** What looks like a Windows path in the text of an alias file or the like. */
export function windowsPathsIn(text: string): string[] {
  return Array.from(text.matchAll(/(?<![A-Za-z0-9@])(?:[A-Za-z]:|\\)\\[^\s",|:]+/g), ([found]) => found)
}

export function isWindowsPath(written: string): boolean {
  return /^[A-Za-z]:/.test(written) || written.startsWith('\\\\')
}
