import { isUtf8 } from 'node:buffer'
import path from 'node:path'
import type { MapPath } from '../conf/paths.js'
import { parseFields } from './fields.js'
import { printable } from '../log.js'
import type { CheckResult, LookupResult, UserRecord } from './types.js'

/** Longest reply line of a module, in bytes; a longer one is garbage. */
export const REPLY_LIMIT = 16 * 1024

const NAME_BYTES = 256
const PASSWORD_BYTES = 256

/**
 * True for a user name that may be sent to a module and may name a drop file (U2, U8): no blanks, control characters,
 * double quotes, `..`, `/`, `\`, no leading `.` or `-`, 1 to 256 bytes of UTF-8. `user@domain` is such a name.
 */
export function validName(name: string): boolean {
  return (
    name !== '' &&
    Buffer.byteLength(name) <= NAME_BYTES &&
    !/[\s\p{Z}\p{Cc}\p{Cs}"/\\]/u.test(name) &&
    !name.includes('..') &&
    !name.startsWith('.') &&
    !name.startsWith('-')
  )
}

/** The look-up command for a name, without line end; undefined for a name that must not be sent (U2). */
export function encodeLookup(name: string): string | undefined {
  return validName(name) ? `lookup ${name}` : undefined
}

/**
 * The command that checks a password, without line end; undefined for a name or a password that must not be sent. The
 * protocol has no quoting: a blank in a password would begin the next argument.
 */
export function encodeCheck(name: string, password: string, ip: string): string | undefined {
  const sendable =
    password !== '' && Buffer.byteLength(password) <= PASSWORD_BYTES && !/[\s\p{Z}\p{Cc}\p{Cs}]/u.test(password)
  return validName(name) && sendable ? `check ${name} ${password} ${ip}` : undefined
}

/**
 * Text of a line from a module: UTF-8, else Latin-1 as in the configuration (C2). Undefined for binary data, that is
 * for any control character other than a tab.
 */
export function decodeLine(line: Uint8Array): string | undefined {
  if (line.some((byte) => (byte < 0x20 && byte !== 0x09) || byte === 0x7f)) return undefined
  return isUtf8(line) ? Buffer.from(line).toString() : Buffer.from(line).toString('latin1')
}

export type ReplyClass = 'ok' | 'err' | 'dead' | 'data' | 'garbage'

const CLASSES: Readonly<Record<string, ReplyClass>> = { '+OK': 'ok', '-ERR': 'err', '-DEAD': 'dead', '+DATA': 'data' }

/** Which of the four reply classes of semantics 5 a line belongs to; anything else is garbage. */
export function replyClass(line: string): ReplyClass {
  const word = /^[+-][A-Za-z]+(?![^ \t])/.exec(line)?.[0].toUpperCase()
  return word === undefined ? 'garbage' : (CLASSES[word] ?? 'garbage')
}

/** What a drop file path in a reply is held against (U5). */
export interface DropFileRules {
  readonly mapPath: MapPath
  /** Is this absolute, normalised path under drop_path, a vdomain path or `[drop] roots`? */
  readonly allowedDropFile: (path: string) => boolean
}

/**
 * Reads the reply to a look-up: `+OK user drop_path [uid info]`, `-ERR reason`, `-DEAD reason` (semantics 5).
 * Whatever is no proper reply is `unavailable`, so that mail waits instead of being refused or going astray (U1).
 * The uid is not used: with a module the drop file belongs to the service account (D5).
 */
export function parseReply(line: string, rules: DropFileRules): LookupResult {
  switch (replyClass(line)) {
    case 'ok':
      return parseFound(line, rules)
    case 'err':
      return { kind: 'unknown' }
    case 'dead':
      return unavailable(`the module answered "${printable(line)}"`)
    default:
      return garbage(line)
  }
}

/** Reads the reply to a check: the same replies, of which only the first word counts. What it says may hold the password. */
export function parseCheckReply(line: string): CheckResult {
  switch (replyClass(line)) {
    case 'ok':
      return { kind: 'right' }
    case 'err':
      return { kind: 'wrong' }
    case 'dead':
      return { kind: 'unavailable', detail: 'the module answered -DEAD' }
    default:
      return { kind: 'unavailable', detail: 'the module answered what is no reply' }
  }
}

function parseFound(line: string, rules: DropFileRules): LookupResult {
  const [, name, written, rest] = /^\S+[ \t]+(\S+)[ \t]+(\S+)(?:[ \t]+(.*))?$/.exec(line) ?? []
  if (name === undefined || written === undefined) return garbage(line)
  const info = infoPart(rest?.trim() ?? '')
  const fields = info === undefined ? undefined : parseFields(info)
  if (fields === undefined) return garbage(line)
  // The name decides the drop file (U4), so it is held to the rules of a name asked for.
  if (!validName(name))
    return unavailable(`the module returned the user name "${printable(name)}", which is not allowed`)
  const user: UserRecord = { name, fields }
  if (written.toLowerCase() === 'config') return { kind: 'found', user }
  const dropFile = checkDropFile(written, rules)
  return dropFile.ok
    ? { kind: 'found', user: { ...user, dropFile: dropFile.path } }
    : unavailable(`the module returned the drop file "${printable(written)}" for user "${name}": ${dropFile.why}`)
}

/** What follows the uid; a module that leaves the uid out before its fields is understood too. */
function infoPart(rest: string): string | undefined {
  const numbered = /^-?\d+(?:[ \t]+(.*))?$/.exec(rest)
  if (numbered !== null) return numbered[1] ?? ''
  return rest === '' || /^[^\s"=]+="/.test(rest) ? rest : undefined
}

type CheckedPath = { readonly ok: true; readonly path: string } | { readonly ok: false; readonly why: string }

function checkDropFile(written: string, rules: DropFileRules): CheckedPath {
  if (!/^(?:[/\\]|[A-Za-z]:[/\\])/.test(written)) return { ok: false, why: 'it is not a full path' }
  if (/[/\\]$/.test(written)) return { ok: false, why: 'it is a directory' }
  if (written.split(/[/\\]/).includes('..')) return { ok: false, why: 'it has ".." in it' }
  const mapped = rules.mapPath(written)
  if (!mapped.ok) return { ok: false, why: `${mapped.message}; ${mapped.hint}` }
  const normal = path.normalize(mapped.path)
  if (!path.isAbsolute(normal)) return { ok: false, why: 'it is not a full path' }
  if (!rules.allowedDropFile(normal)) {
    return { ok: false, why: 'it is outside drop_path, the vdomain paths and [drop] roots' }
  }
  return { ok: true, path: normal }
}

function garbage(line: string): LookupResult {
  return unavailable(`the module answered "${printable(line)}", which is no reply to a look-up`)
}

function unavailable(detail: string): LookupResult {
  return { kind: 'unavailable', detail }
}
