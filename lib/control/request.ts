import { isRecord } from '../record.js'
import { isNodeCommand, readOn } from './over-nodes.js'
import type { CommandName, Commands, ControlError, Request } from './protocol.js'

/** A request of a command that exists, with arguments of the right shape; or what is wrong with it. */
export type ReadRequest =
  | { readonly ok: true; readonly request: { readonly [Name in CommandName]: Request<Name> }[CommandName] }
  | { readonly ok: false; readonly error: ControlError }

type Args = Record<string, unknown>

/** Takes over what a command is given and nothing else; undefined where something is missing or of another type. */
const READERS: { readonly [Name in CommandName]: (args: Args) => Commands[Name]['args'] | undefined } = {
  'queue.list': readFilter,
  'queue.show': ({ id }) => (typeof id === 'string' ? { id } : undefined),
  'queue.send': readFilter,
  'queue.hold': readFilter,
  'queue.release': readFilter,
  'queue.drop': readFilter,
  'queue.adopt': ({ dir, force }) =>
    typeof dir === 'string' && dir.startsWith('/') && typeof force === 'boolean' ? { dir, force } : undefined,
  suspend: ({ domain, reason, untilMs }) => {
    if (typeof domain !== 'string') return undefined
    if (reason !== undefined && typeof reason !== 'string') return undefined
    if (untilMs !== undefined && !Number.isSafeInteger(untilMs)) return undefined
    return {
      domain,
      ...(reason === undefined ? {} : { reason }),
      ...(typeof untilMs === 'number' ? { untilMs } : {}),
    }
  },
  resume: ({ domain }) => (typeof domain === 'string' ? { domain } : undefined),
  etrn: ({ node }) => (typeof node === 'string' ? { node } : undefined),
  status: () => ({}),
  'clear-cache': () => ({}),
  'respond.claim': ({ user, sender, everyMs }) => {
    if (typeof user !== 'string' || typeof sender !== 'string') return undefined
    return typeof everyMs === 'number' && everyMs >= 1 ? { user, sender, everyMs } : undefined
  },
  'respond.release': ({ user, sender }) =>
    typeof user === 'string' && typeof sender === 'string' ? { user, sender } : undefined,
  reload: () => ({}),
  config: ({ setting }) => {
    if (setting === undefined) return {}
    return typeof setting === 'string' ? { setting } : undefined
  },
  route: ({ address, from, ip, trusted }) => {
    if (typeof address !== 'string' || typeof trusted !== 'boolean') return undefined
    if (from !== undefined && typeof from !== 'string') return undefined
    if (ip !== undefined && typeof ip !== 'string') return undefined
    return { address, trusted, ...(from === undefined ? {} : { from }), ...(ip === undefined ? {} : { ip }) }
  },
  log: ({ level, words, lines }) => {
    if (!isTexts(words) || (level !== undefined && typeof level !== 'string')) return undefined
    if (lines !== undefined && !Number.isSafeInteger(lines)) return undefined
    return {
      words,
      ...(level === undefined ? {} : { level }),
      ...(typeof lines === 'number' ? { lines } : {}),
    }
  },
  'log-level': ({ level }) => {
    if (level === undefined) return {}
    return typeof level === 'string' ? { level } : undefined
  },
}

/** Reads one line of the control socket. Never throws. */
export function readRequest(line: string): ReadRequest {
  let value: unknown
  try {
    value = JSON.parse(line)
  } catch {
    return no('the request is not JSON', 'a request is one line: {"command":"status","args":{}}')
  }
  if (!isRecord(value) || typeof value['command'] !== 'string') {
    return no('the request names no command', 'a request is one line: {"command":"status","args":{}}')
  }
  const { command, args } = value
  if (!isCommand(command)) {
    return no(
      `there is no command ${JSON.stringify(command.slice(0, 100))}`,
      `there are ${Object.keys(READERS).join(', ')}`,
    )
  }
  const read = READERS[command](isRecord(args) ? args : {})
  if (read === undefined)
    return no(`the arguments of ${command} are wrong`, 'use a "dmail" command of the same version')
  if (value['on'] === undefined) return { ok: true, request: { command, args: read } as Request<never> }
  const on = readOn(value['on'])
  if (on === undefined) return no(`the nodes that ${command} is for are wrong`, 'it is {"node":"mail2"}, or "all"')
  if (!isNodeCommand(command)) return no(`${command} is not carried out on other nodes`, 'ask each node by itself')
  return { ok: true, request: { command, args: read, on } as Request<never> }
}

function readFilter({ filter }: Args): { readonly filter: readonly string[] } | undefined {
  return isTexts(filter) ? { filter } : undefined
}

function isTexts(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((word) => typeof word === 'string')
}

function isCommand(name: string): name is CommandName {
  return Object.hasOwn(READERS, name)
}

function no(message: string, hint: string): ReadRequest {
  return { ok: false, error: { message, hint } }
}
