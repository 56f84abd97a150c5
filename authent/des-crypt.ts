import unixCryptTD from 'unix-crypt-td-js'

const FORM = /^[./0-9A-Za-z]{13}$/

export function isDesCrypt(stored: string): boolean {
  return FORM.test(stored)
}

/** Traditional crypt(3): two characters of salt, eight of the password count. */
export function desCrypt(password: string, stored: string): string {
  // Bytes, not text: the library would take one character for one byte.
  return unixCryptTD([...Buffer.from(password)], stored.slice(0, 2))
}
