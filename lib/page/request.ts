import { isIP } from 'node:net'

/** What the page sees of a request, whatever server it came in by. */
export interface PageRequest {
  readonly method: string
  /** Below /dmail/: '', 'queue', ... */
  readonly path: string
  readonly query: URLSearchParams
  /** The other end of the connection. */
  readonly address: string
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string | undefined>>
  /** Whether the connection itself is encrypted. */
  readonly secure: boolean
  /** The fields of a form; undefined where there is none. */
  readonly fields?: URLSearchParams
}

export interface PageResponse {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

export const COOKIE = 'dmail'

/** The session that a request brings; '' for none. */
export function sessionOf({ headers }: Pick<PageRequest, 'headers'>): string {
  for (const pair of (headers['cookie'] ?? '').split(';')) {
    const equals = pair.indexOf('=')
    if (pair.slice(0, equals).trim() === COOKIE) return pair.slice(equals + 1).trim()
  }
  return ''
}

/** Set-Cookie; no seconds end the session. Without a path it is for wherever a proxy has put the page. */
export function cookieOf(session: string, seconds: number, request: Pick<PageRequest, 'headers' | 'secure'>): string {
  const secure = request.secure || request.headers['x-forwarded-proto'] === 'https'
  return `${COOKIE}=${session}; Max-Age=${seconds}; HttpOnly; SameSite=Strict${secure ? '; Secure' : ''}`
}

/** Whether a form comes from a page of ours. Browsers say with each where it stood; what says nothing is none. */
export function isFromHere({ headers }: Pick<PageRequest, 'headers'>): boolean {
  const { origin, host, 'sec-fetch-site': site } = headers
  if (site !== undefined && site !== 'same-origin') return false
  if (origin === undefined || host === undefined || !URL.canParse(origin)) return false
  return new URL(origin).host === host.toLowerCase()
}

/** Behind "Bearer", as programs send a token; undefined where there is none. */
export function bearerOf({ headers }: Pick<PageRequest, 'headers'>): string | undefined {
  return /^Bearer +(\S+)$/i.exec(headers['authorization'] ?? '')?.[1]
}

const PROXY_HEADERS = ['forwarded', 'x-forwarded-for', 'x-real-ip', 'via']

/**
 * Whether a program on this machine asks, not a proxy here for somebody elsewhere, and not a browser that a stranger's name in
 * DNS was made to point at this machine for.
 */
export function isLocal({ address, headers }: Pick<PageRequest, 'address' | 'headers'>): boolean {
  const bare = address.replace(/^::ffff:/i, '')
  if (bare !== '::1' && !(isIP(bare) === 4 && bare.startsWith('127.'))) return false
  if (PROXY_HEADERS.some((name) => headers[name] !== undefined)) return false
  const host = (headers['host'] ?? '').replace(/:\d+$/, '').replace(/^\[(.*)\]$/, '$1')
  return host.toLowerCase() === 'localhost' || isIP(host) !== 0
}
