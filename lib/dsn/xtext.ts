/**
 * Decodes xtext (RFC 3461 4): printable ASCII but `+` and `=`, other characters as `+` and two upper-case hex digits.
 * undefined for anything else.
 */
export function decodeXtext(text: string): string | undefined {
  if (!/^(?:[!-*,-<>-~]|\+[0-9A-F]{2})*$/.test(text)) return undefined
  return text.replace(/\+([0-9A-F]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)))
}

/** Encodes ASCII text as xtext (RFC 3461 4). What is not ASCII has no form in it and must not be given. */
export function encodeXtext(text: string): string {
  return text.replace(/[^!-*,-<>-~]/g, (char) => `+${hex(char.charCodeAt(0))}`)
}

/**
 * An address in a field that takes ASCII only, as RFC 6533 3 has it for the type utf-8: `\x{HEX}` for what is not ASCII, and
 * for the signs that form needs.
 */
export function toUtf8AddressXtext(address: string): string {
  return Array.from(address, (char) => {
    const code = char.codePointAt(0) ?? 0
    return /[^!-~]|[\\+=]/.test(char) ? `\\x{${code.toString(16).toUpperCase()}}` : char
  }).join('')
}

/** The reverse, for ORCPT=utf-8; (RFC 6533 3). undefined where a form is wrong or stands for no character. */
export function fromUtf8AddressXtext(text: string): string | undefined {
  // Every other back-slash is one that was not encoded.
  const pieces = text.match(/\\x\{[0-9A-F]{2,6}\}|[^\\]+|\\/g) ?? []
  let address = ''
  for (const piece of pieces) {
    const decoded = piece.startsWith('\\') ? decodePoint(piece) : piece
    if (decoded === undefined) return undefined
    address += decoded
  }
  return address
}

function decodePoint(piece: string): string | undefined {
  const code = Number.parseInt(piece.slice(3, -1), 16)
  const isCharacter = code >= 0x20 && code <= 0x10ffff && !(code >= 0xd800 && code <= 0xdfff)
  return isCharacter ? String.fromCodePoint(code) : undefined
}

function hex(code: number): string {
  return code.toString(16).toUpperCase().padStart(2, '0')
}
