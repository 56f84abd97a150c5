import { spawnSync } from 'node:child_process'
import path from 'node:path'
import { COMMANDS } from '../support/postfix-files.js'
import type { Postfix } from '../support/postfix.js'
import { until } from '../support/wait.js'

// What servers put above a message: RFC 5321 4.4, and virtual(8).
const TRACE = /^(?:(?:Return-Path|X-Original-To|Delivered-To|Received):.*\n(?:[ \t].*\n)*)*/

/** A message as it lies in a mailbox, without the trace fields above it; bytes one to one (latin1). */
export function withoutTrace(message: Buffer): string {
  return message.toString('latin1').replace(TRACE, '')
}

/** The Message-IDs in a mailbox, sorted, once for each copy. */
export function idsIn(postfix: Postfix, address: string): string[] {
  return postfix.mail(address).map(idOf).sort()
}

function idOf(message: Buffer): string {
  const text = message.toString('latin1')
  const head = text.slice(0, text.indexOf('\n\n') + 1)
  const ids = [...head.matchAll(/^Message-ID: <(.+)>$/gim)].map(([, id]) => id)
  if (ids.length !== 1 || ids[0] === undefined) throw new Error(`a message has ${ids.length} Message-IDs:\n${head}`)
  return ids[0]
}

/** Resolves when Postfix has nothing left to do: whatever it took is delivered, returned or given up. */
export async function postfixIsIdle(postfix: Postfix): Promise<void> {
  // A message moves on in this order, so none slips through between two looks. A report comes in before its message goes: it
  // is there at a second look.
  const looksIdle = (): boolean =>
    (['maildrop', 'incoming', 'active', 'deferred'] as const).every((queue) => postfix.queued(queue) === 0)
  await until(() => looksIdle() && looksIdle(), {
    otherwise: () => `Postfix has mail in its queue:\n${postfix.log().slice(-8000)}`,
  })
}

/** Hands Postfix a message with LF line ends as a program on its machine does. Throws with what sendmail(1) said. */
export function sendmail({ dir }: Postfix, args: readonly string[], message: string): void {
  const argv = ['-C', path.join(dir, 'conf'), '-i', ...args]
  const { status, stderr, error } = spawnSync(`${COMMANDS}/sendmail`, argv, { input: message, encoding: 'utf8' })
  if (status !== 0) throw new Error(`sendmail ${args.join(' ')}: ${error?.message ?? stderr}`)
}
