import { isUtf8 } from 'node:buffer'
import { stat } from 'node:fs/promises'
import path from 'node:path'
import type { SettingLine } from '../conf/lines.js'
import type { MapPath } from '../conf/paths.js'
import { decodeText, readRegularFile } from '../conf/read-file.js'
import { scanText } from '../conf/scan-lines.js'

const MAX_BYTES = 64 * 1024 * 1024
const MAX_FILES = 1024
const BOM = '\ufeff'

/** One `#include` line, and the file it means; undefined where its path cannot be mapped. */
export interface IncludeLine {
  readonly line: number
  readonly written: string
  readonly target: string | undefined
}

/** One file of the legacy configuration. */
export interface SourceFile {
  /** Absolute. */
  readonly path: string
  readonly text: string
  readonly encoding: 'utf8' | 'latin1'
  readonly hasBom: boolean
  /** Permission bits. */
  readonly mode: number
  readonly settings: readonly SettingLine[]
  readonly includes: readonly IncludeLine[]
}

/** A dmail.conf and what it includes, the main file first; files that cannot be read are not there. */
export type Source =
  | { readonly ok: true; readonly files: readonly SourceFile[] }
  | { readonly ok: false; readonly message: string; readonly hint: string }

/** Reads the legacy files, and never opens them for anything else. What is wrong in them is for the checker to say. */
export async function readSource(file: string, mapPath: MapPath): Promise<Source> {
  const files = new Map<string, SourceFile>()
  const waiting = [path.resolve(file)]
  for (let next = waiting.shift(); next !== undefined && files.size < MAX_FILES; next = waiting.shift()) {
    if (files.has(next)) continue
    const content = await readRegularFile(next, MAX_BYTES)
    if (!content.ok) {
      if (files.size === 0) return content
      continue
    }
    const read = parse(next, content.data, (await stat(next)).mode & 0o777, mapPath)
    files.set(next, read)
    for (const { target } of read.includes) if (target !== undefined) waiting.push(target)
  }
  return { ok: true, files: [...files.values()] }
}

function parse(file: string, data: Buffer, mode: number, mapPath: MapPath): SourceFile {
  const text = decodeText(data)
  const encoding = isUtf8(data) ? 'utf8' : 'latin1'
  const settings: SettingLine[] = []
  const includes: IncludeLine[] = []
  for (const line of scanText(text, file)) {
    if (line.kind === 'setting') settings.push(line)
    else if (line.kind === 'include') {
      includes.push({ line: line.at.line, written: line.path, target: targetOf(line.path, file, mapPath) })
    }
  }
  return {
    path: file,
    text,
    encoding,
    hasBom: encoding === 'utf8' && data.toString().startsWith(BOM),
    mode,
    settings,
    includes,
  }
}

/** C3, as lib/conf/lines.ts has it. */
function targetOf(written: string, includer: string, mapPath: MapPath): string | undefined {
  const turned = written.replace(/\\/g, '/')
  if (!/^\/|^[A-Za-z]:/.test(turned)) return path.resolve(path.dirname(includer), turned)
  const mapped = mapPath(written)
  return mapped.ok ? mapped.path : undefined
}

/** The bytes of a file with some of its lines replaced; every other byte is as it was. */
export function withLines(file: SourceFile, replaced: ReadonlyMap<number, string>): Buffer {
  const lines = file.text.split('\n').map((line, index) => {
    const other = replaced.get(index + 1)
    return other === undefined ? line : `${other}${line.endsWith('\r') ? '\r' : ''}`
  })
  return Buffer.from(`${file.hasBom ? BOM : ''}${lines.join('\n')}`, file.encoding)
}
