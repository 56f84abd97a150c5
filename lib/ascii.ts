/** Whether a text has nothing but ASCII: it needs no encoding anywhere in mail. */
export function isAscii(text: string): boolean {
  for (let i = 0; i < text.length; i++) {
    if (text.charCodeAt(i) > 0x7f) return false
  }
  return true
}
