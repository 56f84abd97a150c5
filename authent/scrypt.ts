import { randomBytes, scrypt, timingSafeEqual } from 'node:crypto'

/**
 * `$scrypt$ln=14,r=8,p=5$<salt>$<hash>`, base64 without `=`: the form other software knows it in (passlib), so no hash is
 * lost with this one. No colon, quote or blank in it: it fits a line of a user file, a column and an attribute.
 */
const FORM = /^\$scrypt\$ln=(\d{1,2}),r=(\d{1,2}),p=(\d{1,2})\$([A-Za-z0-9+/]{1,88})\$([A-Za-z0-9+/]{22,88})$/

/** OWASP's parameters with the least memory, 16 MiB: user modules run in several copies. */
const WRITTEN = { ln: 14, r: 8, p: 5 }
const SALT_BYTES = 16
const HASH_BYTES = 32
/** Parameters of a hash that somebody else wrote must not take all memory. */
const MOST_MEMORY = 256 * 1024 ** 2
const MOST_LANES = 16

/** A password in the form written here that nobody knows. */
export const NOBODY = `$scrypt$ln=14,r=8,p=5$${'A'.repeat(22)}$${'A'.repeat(43)}`

interface Scrypt {
  readonly cost: { readonly N: number; readonly r: number; readonly p: number; readonly maxmem: number }
  readonly salt: Buffer
  readonly hash: Buffer
}

function read(stored: string): Scrypt | undefined {
  const [, ln, r, p, salt = '', hash = ''] = FORM.exec(stored) ?? []
  const cost = costOf({ ln: Number(ln), r: Number(r), p: Number(p) })
  const inReach = cost.N > 1 && cost.r > 0 && cost.p > 0 && cost.p <= MOST_LANES && 128 * cost.N * cost.r <= MOST_MEMORY
  return inReach ? { cost, salt: Buffer.from(salt, 'base64'), hash: Buffer.from(hash, 'base64') } : undefined
}

export function isScrypt(stored: string): boolean {
  return read(stored) !== undefined
}

/** Takes the same time wherever the two differ. */
export async function verifyScrypt(password: string, stored: string): Promise<boolean> {
  const form = read(stored)
  if (form === undefined) return false
  return timingSafeEqual(await derive(password, form.salt, form.hash.length, form.cost), form.hash)
}

/** What the bundled modules write for a password. */
export async function hashPassword(password: string): Promise<string> {
  const salt = randomBytes(SALT_BYTES)
  const hash = await derive(password, salt, HASH_BYTES, costOf(WRITTEN))
  const { ln, r, p } = WRITTEN
  return `$scrypt$ln=${ln},r=${r},p=${p}$${bare(salt)}$${bare(hash)}`
}

function costOf({ ln, r, p }: { readonly ln: number; readonly r: number; readonly p: number }): Scrypt['cost'] {
  return { N: 2 ** ln, r, p, maxmem: MOST_MEMORY * 2 }
}

function derive(password: string, salt: Buffer, length: number, cost: Scrypt['cost']): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    scrypt(password, salt, length, cost, (error, key) => {
      if (error === null) resolve(key)
      else reject(error)
    })
  })
}

function bare(bytes: Buffer): string {
  return bytes.toString('base64').replace(/=+$/, '')
}
