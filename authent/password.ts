import { createHash, timingSafeEqual } from 'node:crypto'

const SHA1_BYTES = 20

/**
 * Compares a password with the second part of a user line: `*text` is clear text, `{ssha}` is base64 of SHA-1 over
 * password and salt, followed by the salt (semantics 5, NWAuth). Takes the same time wherever the two differ. An empty
 * password never matches. `unsupported`: another form, such as crypt.
 */
export function checkPassword(stored: string, given: string): 'right' | 'wrong' | 'unsupported' {
  if (stored === '') return 'wrong'
  if (stored.startsWith('*')) return verdict(given, sha256(stored.slice(1)), sha256(given))
  if (!/^\{ssha\}/i.test(stored)) return 'unsupported'
  const bytes = Buffer.from(stored.slice('{ssha}'.length), 'base64')
  if (bytes.length < SHA1_BYTES) return 'unsupported'
  const hash = createHash('sha1').update(given).update(bytes.subarray(SHA1_BYTES)).digest()
  return verdict(given, bytes.subarray(0, SHA1_BYTES), hash)
}

function verdict(given: string, expected: Buffer, actual: Buffer): 'right' | 'wrong' {
  return timingSafeEqual(expected, actual) && given !== '' ? 'right' : 'wrong'
}

/** Equal length for timingSafeEqual, whatever the texts. */
function sha256(text: string): Buffer {
  return createHash('sha256').update(text).digest()
}
