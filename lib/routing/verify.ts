import { reply, type Reply } from '../reply.js'
import type { Placed, Route } from './types.js'

/**
 * The argument of VRFY or EXPN (RFC 5321 3.5) as an address: `bob` is a user of the main domain. undefined where there is none.
 * SMTPUTF8 behind it (RFC 6531 3.7.4.2) says nothing that matters here.
 */
export function verifyArgument(line: string, mainDomain: string): string | undefined {
  const text = line.replace(/^\s*\S+\s*/, '').replace(/\s+SMTPUTF8$|\s+$/i, '')
  const bare = text.startsWith('<') && text.endsWith('>') ? text.slice(1, -1) : text
  if (bare === '') return undefined
  return bare.includes('@') || bare.toLowerCase() === 'postmaster' ? bare : `${bare}@${mainDomain}`
}

/** The answer to VRFY, by what RCPT would have decided. */
export function vrfyReply(route: Route): Reply {
  if (!route.accepted) return route.reply
  const [only, ...more] = route.destinations
  if (only === undefined || more.length > 0) return reply('verified', route.address.text)
  const { destination, redirected, found } = only
  if (destination.kind === 'remote') {
    // Nobody here knows the users of another server.
    return redirected ? reply('verifiedElsewhere', destination.address.text) : reply('notVerified')
  }
  return reply('verified', destination.kind === 'mailbox' ? found.text : route.address.text)
}

const MAX_MEMBERS = 1_000

/** The answer to EXPN, a reply for each line: everybody who would get the mail. Never a file, a path or a program. */
export function expnReplies(route: Route): readonly Reply[] {
  if (!route.accepted) return [route.reply]
  const members = new Set(route.destinations.flatMap(memberOf))
  if (members.size === 0 || members.size > MAX_MEMBERS) return [reply('notVerified')]
  return [...members].map((member) => reply('verified', member))
}

function memberOf({ destination, found, redirected }: Placed): string[] {
  if (destination.kind === 'mailbox') return [found.text]
  return destination.kind === 'remote' && redirected ? [destination.address.text] : []
}
