import { createHash } from 'node:crypto'

const FORM = /^\$1\$([^$:]{0,8})\$[./0-9A-Za-z]{22}$/
const ALPHABET = './0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'
const ROUNDS = 1000
/** Which bytes of the digest make up each group of four characters. */
const GROUPS = [
  [0, 6, 12],
  [1, 7, 13],
  [2, 8, 14],
  [3, 9, 15],
  [4, 10, 5],
] as const

export function isMd5Crypt(stored: string): boolean {
  return FORM.test(stored)
}

/**
 * crypt(3) with `$1$`, as FreeBSD's crypt-md5.c has it. No library of it is kept; it is 1994's and will not change.
 */
export function md5Crypt(password: string, stored: string): string {
  const salt = FORM.exec(stored)?.[1] ?? ''
  const key = Buffer.from(password)
  const inner = md5(key, salt, key)
  const start = createHash('md5').update(key).update(`$1$${salt}`)
  for (let left = key.length; left > 0; left -= 16) start.update(inner.subarray(0, Math.min(16, left)))
  // The original adds a byte of an array it has just cleared, or the first one of the password.
  for (let bits = key.length; bits > 0; bits >>= 1) start.update((bits & 1) === 1 ? Buffer.of(0) : key.subarray(0, 1))
  let digest: Buffer = start.digest()
  for (let round = 0; round < ROUNDS; round++) {
    const odd = round % 2 === 1
    digest = md5(odd ? key : digest, round % 3 === 0 ? '' : salt, round % 7 === 0 ? '' : key, odd ? digest : key)
  }
  const groups = GROUPS.map(([a, b, c]) => digits((at(digest, a) << 16) | (at(digest, b) << 8) | at(digest, c), 4))
  return `$1$${salt}$${groups.join('')}${digits(at(digest, 11), 2)}`
}

function md5(...parts: readonly (Buffer | string)[]): Buffer {
  const hash = createHash('md5')
  for (const part of parts) hash.update(part)
  return hash.digest()
}

function at(digest: Buffer, index: number): number {
  return digest[index] ?? 0
}

/** Six bits a character, the lowest first. */
function digits(value: number, count: number): string {
  return Array.from({ length: count }, (_, n) => ALPHABET[(value >> (6 * n)) & 63] ?? '').join('')
}
