import { readFileSync } from 'node:fs'
import path from 'node:path'
import { replaceFile } from '../durable.js'
import { isRecord } from '../record.js'
import { errorCode, errorText } from '../error.js'
import type { Suspension } from './suspensions.js'

/** What operators decided by command. Unlike dmail.conf it is the server's own record. Plain data. */
export interface OperatorState {
  readonly suspensions: readonly Suspension[]
  /** Ids of messages that are held. */
  readonly held: readonly string[]
  /**
   * When, and on which node of a cluster, each decision was made, those that ended another one too; absent while this machine never was
   * in a cluster. By the keys of operator-changes.ts.
   */
  readonly changes?: Readonly<Record<string, Stamp>>
}

export interface Stamp {
  /** Milliseconds since 1970. */
  readonly atMs: number
  /** '' where that is not known. */
  readonly by: string
}

export const NOTHING_DECIDED: OperatorState = { suspensions: [], held: [] }

/** Lies in the Haraka directory. */
export const STATE_FILE = 'dmail-state.json'

/**
 * Reads the record of a Haraka directory; nothing decided where there is none. Throws an Error that names the file where it
 * cannot be understood: to go on as if nothing were suspended would send what an operator keeps back.
 */
export function readOperatorState(
  harakaDir: string,
  read: (file: string) => string = (file) => readFileSync(file, 'utf8'),
): OperatorState {
  const file = path.join(harakaDir, STATE_FILE)
  let text: string
  try {
    text = read(file)
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return NOTHING_DECIDED
    throw new Error(`${file} cannot be read: ${errorText(error)}`, {
      cause: error,
    })
  }
  try {
    return parseState(JSON.parse(text))
  } catch (error) {
    const why = errorText(error)
    throw new Error(
      `${file} is damaged (${why}): correct it, or remove it to go on with nothing suspended or held, and restart Haraka`,
      {
        cause: error,
      },
    )
  }
}

/** Durable when it returns. */
export function writeOperatorState(harakaDir: string, state: OperatorState): void {
  const { suspensions, held, changes } = state
  const content = `${JSON.stringify({ version: 1, suspensions, held, changes }, null, 1)}\n`
  // Workers run as another user than a master that is root.
  replaceFile(path.join(harakaDir, STATE_FILE), content, { mode: 0o644 })
}

function parseState(value: unknown): OperatorState {
  if (!isRecord(value) || value['version'] !== 1) throw new Error('it is not a record of version 1')
  const { suspensions, held, changes } = value
  if (!Array.isArray(suspensions) || !Array.isArray(held)) throw new Error('a list is missing')
  return {
    suspensions: suspensions.map(parseSuspension),
    held: held.filter((id) => typeof id === 'string'),
    ...(isRecord(changes) ? { changes: parseChanges(changes) } : {}),
  }
}

function parseChanges(value: Record<string, unknown>): Record<string, Stamp> {
  return Object.fromEntries(
    Object.entries(value).flatMap(([key, stamp]) => {
      if (!isRecord(stamp) || typeof stamp['atMs'] !== 'number' || typeof stamp['by'] !== 'string') return []
      return [[key, { atMs: stamp['atMs'], by: stamp['by'] }]]
    }),
  )
}

/** Throws an Error for what is none. */
export function parseSuspension(value: unknown): Suspension {
  if (!isRecord(value) || typeof value['domain'] !== 'string') throw new Error('a suspension has no domain')
  const { domain, reason, sinceMs, untilMs } = value
  return {
    domain,
    ...(typeof reason === 'string' ? { reason } : {}),
    ...(typeof sinceMs === 'number' ? { sinceMs } : {}),
    ...(typeof untilMs === 'number' ? { untilMs } : {}),
  }
}
