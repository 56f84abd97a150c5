import { replyText, type SmtpReply } from '../smtp/reply.js'

/** What became of one domain. */
export interface DomainReply {
  readonly domain: string
  /** The provider took it up (2xx). */
  readonly ok: boolean
  /** Code of the provider's reply; undefined where there was none. */
  readonly code?: number
  /** The reply, code included, or what went wrong. */
  readonly text: string
}

/** What the client does next. */
export type Step =
  | { readonly do: 'say'; readonly line: string }
  /** Begin TLS, then call `secured`. */
  | { readonly do: 'secure' }
  | { readonly do: 'end' }

/** The client's side of one session; does nothing itself. */
export interface Dialogue {
  heard(reply: SmtpReply): Step
  secured(): Step
  /** In the order they were given; those without an answer so far get `why`. */
  replies(why: string): readonly DomainReply[]
  /** Why it broke off before every domain had its turn. */
  trouble(): string | undefined
  /** Why TLS was not used: not offered, or refused. */
  plainBecause(): string
}

const NO_ETRN = 'the provider does not offer ETRN'

/**
 * EHLO, STARTTLS where offered (RFC 3207) and EHLO again, ETRN for each domain (RFC 1985), QUIT (Q8). A refusal of one domain
 * does not keep the others from being asked for. `hello` is our name; `tls` false leaves STARTTLS out.
 */
export function createDialogue({
  hello,
  domains,
  tls,
}: {
  readonly hello: string
  readonly domains: readonly string[]
  readonly tls: boolean
}): Dialogue {
  const answers = new Map<string, DomainReply>()
  const left = [...domains]
  let state: 'greeting' | 'ehlo' | 'starttls' | 'etrn' | 'quit' = 'greeting'
  let isSecure = false
  let keywords = new Set<string>()
  let trouble: string | undefined
  let plainBecause = tls ? 'not offered' : 'left out'

  const say = (next: typeof state, line: string): Step => {
    state = next
    return { do: 'say', line }
  }
  const leave = (why?: string): Step => {
    trouble = why
    return say('quit', 'QUIT')
  }
  const sayEhlo = (): Step => say('ehlo', `EHLO ${hello}`)
  const noEtrn = (text: string): Step => {
    for (const domain of left) answers.set(domain, { domain, ok: false, text })
    return leave()
  }
  const ask = (): Step => {
    const [domain] = left
    return domain === undefined ? leave() : say('etrn', `ETRN ${domain}`)
  }
  const askIfOffered = (): Step => (keywords.has('ETRN') ? ask() : noEtrn(NO_ETRN))

  function heardEhlo(reply: SmtpReply): Step {
    // RFC 5321 3.2: a server that knows EHLO not at all has no extensions either.
    if (reply.code !== 250) return noEtrn(`${NO_ETRN}: it answers EHLO with ${replyText(reply)}`)
    keywords = keywordsOf(reply)
    if (tls && !isSecure && keywords.has('STARTTLS')) return say('starttls', 'STARTTLS')
    return askIfOffered()
  }

  function heardEtrn(reply: SmtpReply): Step {
    const domain = left.shift()
    const ok = reply.code >= 200 && reply.code < 300
    if (domain !== undefined) answers.set(domain, { domain, ok, code: reply.code, text: replyText(reply) })
    return ask()
  }

  return {
    heard(reply) {
      if (state === 'quit') return { do: 'end' }
      // RFC 5321 3.8: may come instead of any reply, and the connection is closed.
      if (reply.code === 421) {
        if (state === 'etrn') heardEtrn(reply)
        trouble = `the provider ended the session: ${replyText(reply)}`
        return { do: 'end' }
      }
      switch (state) {
        case 'greeting':
          return reply.code === 220 ? sayEhlo() : leave(`the provider turned us away: ${replyText(reply)}`)
        case 'ehlo':
          return heardEhlo(reply)
        case 'starttls':
          if (reply.code === 220) return { do: 'secure' }
          plainBecause = `refused: ${replyText(reply)}`
          return askIfOffered()
        case 'etrn':
          return heardEtrn(reply)
      }
    },
    secured() {
      isSecure = true
      return sayEhlo()
    },
    replies: (why) => domains.map((domain) => answers.get(domain) ?? { domain, ok: false, text: why }),
    trouble: () => trouble,
    plainBecause: () => plainBecause,
  }
}

/** RFC 5321 4.1.1.1: the first line is the server's name, then a keyword a line, in any case. */
function keywordsOf({ lines }: SmtpReply): Set<string> {
  return new Set(lines.slice(1).map((line) => (line.split(' ')[0] ?? '').toUpperCase()))
}
