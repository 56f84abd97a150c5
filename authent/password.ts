import { createHash, timingSafeEqual } from 'node:crypto'
import { desCrypt, isDesCrypt } from './des-crypt.js'
import { isMd5Crypt, md5Crypt } from './md5-crypt.js'
import { isScrypt, verifyScrypt } from './scrypt.js'
import { isShaCrypt, shaCrypt } from './sha-crypt.js'

const SHA1_BYTES = 20

export type Verdict = 'right' | 'wrong' | 'unsupported'

/**
 * Compares a password with a stored one, which is `*text` for clear text, `{ssha}` and base64 of SHA-1 over password and
 * salt followed by the salt (semantics 5, NWAuth), crypt(3) in its traditional form or with `$1$`, `$5$`, `$6$`, with or
 * without `{crypt}` before it, or scrypt (see scrypt.ts). Takes the same time wherever the two differ. An empty password
 * never matches. `unsupported`: another form.
 */
export async function checkPassword(stored: string, given: string): Promise<Verdict> {
  if (stored === '') return 'wrong'
  if (stored.startsWith('*')) return verdict(given, sha256(stored.slice(1)), sha256(given))
  if (/^\{ssha\}/i.test(stored)) return checkSsha(stored, given)
  const crypted = stored.replace(/^\{crypt\}/i, '')
  if (isScrypt(crypted)) return (await verifyScrypt(given, crypted)) && given !== '' ? 'right' : 'wrong'
  const computed = await crypt(given, crypted)
  return computed === undefined ? 'unsupported' : verdict(given, sha256(crypted), sha256(computed))
}

/** Undefined for what is none of crypt(3)'s forms. */
async function crypt(given: string, stored: string): Promise<string | undefined> {
  if (isMd5Crypt(stored)) return md5Crypt(given, stored)
  if (isShaCrypt(stored)) return withoutDefaultRounds(await shaCrypt(given, stored), stored)
  return isDesCrypt(stored) ? desCrypt(given, stored) : undefined
}

/** Only salt and hash are compared: how the rounds are written differs. */
function withoutDefaultRounds(computed: string, stored: string): string {
  return stored.slice(0, stored.lastIndexOf('$')) + computed.slice(computed.lastIndexOf('$'))
}

function checkSsha(stored: string, given: string): Verdict {
  const bytes = Buffer.from(stored.slice('{ssha}'.length), 'base64')
  if (bytes.length < SHA1_BYTES) return 'unsupported'
  const hash = createHash('sha1').update(given).update(bytes.subarray(SHA1_BYTES)).digest()
  return verdict(given, bytes.subarray(0, SHA1_BYTES), hash)
}

function verdict(given: string, expected: Buffer, actual: Buffer): Verdict {
  return timingSafeEqual(expected, actual) && given !== '' ? 'right' : 'wrong'
}

/** Equal length for timingSafeEqual, whatever the texts. */
function sha256(text: string): Buffer {
  return createHash('sha256').update(text).digest()
}
