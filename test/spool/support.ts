import assert from 'node:assert/strict'
import { makeAddress, parseAddress, type Address } from '../../lib/address.js'
import { reply, type ReplyName } from '../../lib/reply.js'
import type { Destination, Placed, Route } from '../../lib/routing/types.js'
import type { LocalCopy, PlannedCopy, RoutedRecipient } from '../../lib/spool/plan.js'

export type Local = LocalCopy['destination']

export function address(text: string): Address {
  const read = parseAddress(text)
  assert.ok(read, text)
  return read
}

export const mailbox = (user: string): Local => ({ kind: 'mailbox', user, path: `/var/in/${user}`, root: '/var/in' })
export const robot = (program: string): Local => ({ kind: 'robot', argv: [program] })
export const file = (path: string): Local => ({ kind: 'file', path })
export const remote = (text: string): Destination => ({ kind: 'remote', address: address(text) })
export const discard: Destination = { kind: 'discard' }

interface Copy {
  readonly destination: Destination
  /** The address it was found at, where that is not the recipient. */
  readonly found?: string
}

/** A recipient that is accepted with these destinations; one with `found` was redirected there. */
export function recipient(original: string, ...copies: (Destination | Copy)[]): RoutedRecipient {
  const destinations = copies.map((copy): Placed => {
    const { destination, found } = 'destination' in copy ? copy : { destination: copy, found: undefined }
    return {
      destination,
      found: found === undefined ? (parseAddress(original) ?? makeAddress(original, '', original)) : address(found),
      redirected: found !== undefined,
      step: undefined,
    }
  })
  const route: Route = {
    accepted: true,
    address: parseAddress(original) ?? makeAddress(original, '', original),
    reply: reply('accepted', original),
    destinations,
    trace: [],
  }
  return { original, route, parties: [{ given: original }] }
}

/** A copy that a rule at `found` sends to `destination`. */
export function by(found: string, destination: Destination): Copy {
  return { destination, found }
}

export function refused(original: string, name: ReplyName): RoutedRecipient {
  const answer = reply(name, original)
  const route: Route = { accepted: false, address: undefined, reply: answer, destinations: [], trace: [] }
  return { original, route, parties: [{ given: original }] }
}

export function copy(original: string, destination: Local, found = original): PlannedCopy {
  return { original, found, destination, parties: [{ given: original }] }
}
