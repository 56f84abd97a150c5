/** Whether a next hop offers this EHLO keyword (upper case), as far as it has said. */
export type Offers = (keyword: string) => boolean

/**
 * Listens to the replies of a next hop up to the envelope. Haraka knows the keywords it uses itself and tells nobody of the
 * others. After STARTTLS what was offered before does not count (RFC 3207 4.2).
 */
export function listenToEhlo(socket: NodeJS.EventEmitter): Offers {
  const keywords = new Set<string>()
  let inReply = false
  socket.on('line', (line: unknown) => {
    const [, code, more, text = ''] = /^(\d{3})([ -])(.*)/.exec(String(line)) ?? []
    // The greeting, and the go-ahead for TLS.
    if (code === '220') keywords.clear()
    // The first line of a reply to EHLO is the host's name; replies to MAIL and RCPT have no more than that.
    if (code === '250' && inReply) keywords.add((text.trim().split(' ')[0] ?? '').toUpperCase())
    inReply = more === '-'
  })
  return (keyword) => keywords.has(keyword)
}
