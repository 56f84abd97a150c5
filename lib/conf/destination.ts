import { parseAddress, type Address } from '../address.js'
import { splitCommand } from './destination-list.js'
import type { MapPath } from './paths.js'

/**
 * A destination as written in a rule, before it is routed. The same forms hold in every redirection system
 * (manual: "All of the forwarding methods allow you to ... forward the message to a special destination").
 */
export type Written =
  | { readonly kind: 'address'; readonly address: Address }
  /** No `@`: which domain is meant depends on where it was written (R5). */
  | { readonly kind: 'user'; readonly local: string }
  /** `$user`: also the original recipient. */
  | { readonly kind: 'self' }
  /** `\user` in a forward file: that user's mailbox (R12). */
  | { readonly kind: 'mailbox'; readonly local: string }
  | { readonly kind: 'robot'; readonly argv: readonly [string, ...string[]] }
  | { readonly kind: 'file'; readonly path: string }
  | { readonly kind: 'discard' }
  /** `:include:/path` in an alias file (R6). */
  | { readonly kind: 'include'; readonly path: string }

export type WrittenOrBad = Written | { readonly kind: 'bad'; readonly message: string; readonly hint: string }

/** Where the text stands: only alias files have `:include:`, only forward files have `\user`. */
export type Place = 'forward' | 'alias' | 'fwd' | 'forward-file'

const NULL_DEVICES = new Set(['/dev/null', '/dev/nul', 'nul'])

/**
 * Reads one destination (already unquoted). Errors are data: the caller knows the place and reports it.
 * Source: manual ("for a robot ... for a file ..."), decisions R4-R6, R12, R17.
 */
export function parseDestination(text: string, place: Place, mapPath: MapPath): WrittenOrBad {
  if (text === '')
    return { kind: 'bad', message: 'the destination is empty', hint: 'name an address, |program or /file' }
  if (text.toLowerCase() === '$user') return { kind: 'self' }
  if (text.startsWith('|')) return parseRobot(text.slice(1), mapPath)
  if (place === 'alias' && /^:include:/i.test(text)) {
    const mapped = mapPath(text.slice(':include:'.length).trim())
    return mapped.ok ? { kind: 'include', path: mapped.path } : { kind: 'bad', ...withoutOk(mapped) }
  }
  if (NULL_DEVICES.has(text.toLowerCase())) return { kind: 'discard' }
  if (/^\\[^\\/@]+$/.test(text))
    return place === 'forward-file' ? { kind: 'mailbox', local: text.slice(1) } : backSlash(text)
  const address = text.includes('@') && !/^[/\\]|^[A-Za-z]:\\/.test(text) ? parseAddress(text) : undefined
  if (address !== undefined && /[*?]/.test(address.key)) return wildcard(text)
  if (address !== undefined && !/\\/.test(text)) return { kind: 'address', address }
  if (/[/\\]/.test(text)) return parseFile(text, mapPath)
  if (/[*?]/.test(text)) return wildcard(text)
  if (text.includes('@')) {
    return { kind: 'bad', message: `"${text}" is not a mail address`, hint: 'write it as user@domain' }
  }
  if (/[\s,;:<>()[\]"]/.test(text)) {
    return {
      kind: 'bad',
      message: `"${text}" is not a destination`,
      hint: 'name an address, a user, |program or /file; put a program with arguments in double quotes',
    }
  }
  return { kind: 'user', local: text }
}

function parseRobot(command: string, mapPath: MapPath): WrittenOrBad {
  const [program, ...args] = splitCommand(command)
  if (program === undefined || program === '') {
    return { kind: 'bad', message: 'no program after "|"', hint: 'write |program or "|program arguments"' }
  }
  // A bare name is looked for when the robot runs (D11); a path is mapped now, so that a bad one shows at load.
  if (!/[/\\]/.test(program)) return { kind: 'robot', argv: [program, ...mapArguments(args, mapPath)] }
  const mapped = mapPath(program)
  if (!mapped.ok) return { kind: 'bad', ...withoutOk(mapped) }
  return { kind: 'robot', argv: [mapped.path, ...mapArguments(args, mapPath)] }
}

/** An argument that is a Windows path under a mapped prefix is mapped too; any other stays as written. */
function mapArguments(args: readonly string[], mapPath: MapPath): string[] {
  return args.map((arg) => {
    if (!/^[A-Za-z]:\\|^\\\\/.test(arg)) return arg
    const mapped = mapPath(arg)
    return mapped.ok ? mapped.path : arg
  })
}

function parseFile(text: string, mapPath: MapPath): WrittenOrBad {
  const mapped = mapPath(text)
  if (!mapped.ok) return { kind: 'bad', ...withoutOk(mapped) }
  if (NULL_DEVICES.has(mapped.path)) return { kind: 'discard' }
  if (!/^[/\\]|^[A-Za-z]:/.test(text)) {
    return {
      kind: 'bad',
      message: `"${text}" is not a full path`,
      hint: 'a file destination needs its full path',
    }
  }
  return { kind: 'file', path: mapped.path }
}

/** Sendmail's `\user` in an alias file: read as a path (R17), its mail would silently go to a file in the root directory. */
function backSlash(text: string): WrittenOrBad {
  const name = text.slice(1)
  return {
    kind: 'bad',
    message: `"${text}" is neither a user nor a full path`,
    hint: `write $user for the mailbox of the same name, ${name} for another user, /${name} for a file`,
  }
}

function wildcard(text: string): WrittenOrBad {
  return {
    kind: 'bad',
    message: `"${text}" has a wildcard`,
    hint: 'wildcards are allowed on the left side only; name one destination',
  }
}

function withoutOk(mapped: { readonly message: string; readonly hint: string }): { message: string; hint: string } {
  return { message: mapped.message, hint: mapped.hint }
}

/** A destination in the form the operator writes it. */
export function formatWritten(written: Written): string {
  switch (written.kind) {
    case 'address':
      return written.address.text
    case 'user':
      return written.local
    case 'self':
      return '$user'
    case 'mailbox':
      return `\\${written.local}`
    case 'robot':
      return formatCommand(written.argv)
    case 'file':
      return written.path
    case 'discard':
      return '/dev/null'
    case 'include':
      return `:include:${written.path}`
  }
}

function formatCommand(argv: readonly string[]): string {
  const command = `|${argv.map((arg) => (/[\s,]/.test(arg) || arg === '' ? `"${arg}"` : arg)).join(' ')}`
  return argv.length > 1 ? `"${command}"` : command
}
