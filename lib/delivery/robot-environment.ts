import { plainEnvironment } from '../process/account.js'
import type { Envelope } from './types.js'

/** Longer than any address; a Message-ID is the sender's own, and an endless one must not keep the robot from starting. */
const MAX_VALUE = 1000

/**
 * The whole environment of a robot (D8): PATH and LANG of the server, HOME of the robot's user, and the envelope.
 * LOCAL_PART and DOMAIN are those of RECIPIENT. Values come from strangers: control characters become `_`.
 */
export function robotEnvironment(
  envelope: Envelope,
  home: string | undefined,
  own: Readonly<Record<string, string | undefined>> = process.env,
): Record<string, string> {
  const at = envelope.recipient.lastIndexOf('@')
  return {
    ...plainEnvironment(home, own),
    SENDER: clean(envelope.sender),
    RECIPIENT: clean(envelope.recipient),
    ORIGINAL_RECIPIENT: clean(envelope.originalRecipient),
    LOCAL_PART: clean(at < 0 ? envelope.recipient : envelope.recipient.slice(0, at)),
    DOMAIN: clean(at < 0 ? '' : envelope.recipient.slice(at + 1)),
    MESSAGE_ID: clean(envelope.messageId),
    CLIENT_IP: clean(envelope.clientIp),
  }
}

function clean(value: string): string {
  return value.slice(0, MAX_VALUE).replace(/\p{Cc}/gu, '_')
}
