const FORM = /^\$([56])\$(?:rounds=(\d{1,9})\$)?[./0-9A-Za-z]{0,16}\$([./0-9A-Za-z]{43}|[./0-9A-Za-z]{86})$/
const HASH_LENGTH: Readonly<Record<string, number>> = { 5: 43, 6: 86 }
/** More would keep the module busy for longer than anybody waits. */
const MOST_ROUNDS = 500_000

export function isShaCrypt(stored: string): boolean {
  const [, kind = '', rounds = '5000', hash = ''] = FORM.exec(stored) ?? []
  return hash !== '' && hash.length === HASH_LENGTH[kind] && Number(rounds) <= MOST_ROUNDS
}

/** crypt(3) with `$5$` (SHA-256) and `$6$` (SHA-512). */
export async function shaCrypt(password: string, stored: string): Promise<string> {
  const { encrypt } = await import('unixcrypt')
  return encrypt(password, stored.slice(0, stored.lastIndexOf('$')))
}
