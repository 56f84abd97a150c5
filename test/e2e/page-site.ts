import assert from 'node:assert/strict'
import { request } from 'node:http'
import path from 'node:path'
import type { Haraka, HarakaVersion } from '../support/haraka.js'
import { packageRoot } from '../support/install.js'
import { freePort } from '../support/ports.js'
import { makeSite, siteConf, startSite, users, type Site } from './site.js'

export interface Answer {
  readonly status: number
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  readonly body: string
}

const ANSWER_MS = 10_000

export interface Asking {
  readonly method?: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string
  readonly localAddress?: string
}

/** For the `skip` of a test: Haraka's HTTP server needs Express, which Haraka itself does not bring. */
export function withoutExpress(): string | false {
  try {
    require.resolve('express', { paths: [path.join(packageRoot(), 'node_modules/haraka-3.3')] })
    return false
  } catch {
    return 'needs express, which is not installed here'
  }
}

/** Somebody who asks the HTTP server of a Haraka. */
export interface PageClient {
  readonly origin: string
  /** What the file holds. */
  token(): string
  ask(path: string, asking?: Asking): Promise<Answer>
  /** The cookie of a new session. */
  logIn(): Promise<string>
  /** Sends a form as a page of the site would, with the token of its session. */
  act(cookie: string, fields: Readonly<Record<string, string>>): Promise<Answer>
}

/** Haraka with its HTTP server, and somebody who asks it. */
export interface PageSite extends PageClient {
  readonly site: Site
  readonly haraka: Haraka
}

/** `off.example.com` is suspended by dmail.conf; `lines` are added to it. */
export async function startPageSite(
  version: HarakaVersion,
  { nodes, lines = [], files = {} }: { nodes?: number; lines?: readonly string[]; files?: Record<string, string> } = {},
): Promise<PageSite> {
  const site = makeSite()
  site.write('users.txt', users('bob', 'fred'))
  const conf = siteConf(site, ['suspend_domain off.example.com', ...lines])
  const port = await freePort()
  const haraka = await startSite(version, conf, {
    config: { 'http.ini': `listen=127.0.0.1:${port}\n` },
    files,
    ...(nodes === undefined ? {} : { nodes }),
  })
  return { site, haraka, ...(await pageClient(haraka, port)) }
}

/** Resolves when the server is there. */
export async function pageClient(haraka: Haraka, port: number): Promise<PageClient> {
  await haraka.waitForLog(/init_http_respond/)
  const origin = `http://127.0.0.1:${port}`
  const ask: PageClient['ask'] = (path, asking = {}) => send(origin, path, asking)
  const form = (cookie: string, path: string, fields: Readonly<Record<string, string>>): Promise<Answer> =>
    ask(path, {
      method: 'POST',
      headers: { 'Content-Type': 'application/x-www-form-urlencoded', Origin: origin, Cookie: cookie },
      body: new URLSearchParams(fields).toString(),
    })
  const token = (): string => haraka.read('dmail-page.token').trim()
  return {
    origin,
    token,
    ask,
    async logIn() {
      const { status, headers } = await form('', '/dmail/login', { secret: token() })
      assert.equal(status, 303)
      return String(headers['set-cookie']).split(';')[0] ?? ''
    },
    async act(cookie, fields) {
      const { body } = await ask('/dmail/', { headers: { Cookie: cookie } })
      const [, formToken = ''] = /name="token" value="([^"]+)"/.exec(body) ?? []
      return form(cookie, '/dmail/do', { token: formToken, ...fields })
    },
  }
}

function send(
  origin: string,
  path: string,
  { method = 'GET', headers = {}, body, localAddress }: Asking,
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const asked = request(
      new URL(path, origin),
      { method, headers: { ...headers, Connection: 'close' }, ...(localAddress === undefined ? {} : { localAddress }) },
      (response) => {
        const pieces: Buffer[] = []
        response.on('data', (piece: Buffer) => pieces.push(piece))
        response.once('error', reject)
        response.once('end', () => {
          const text = Buffer.concat(pieces).toString('utf8')
          resolve({ status: response.statusCode ?? 0, headers: response.headers, body: text })
        })
      },
    )
    // A connection that is handed to a worker just when that is killed is never answered.
    asked.setTimeout(ANSWER_MS, () => asked.destroy(new Error(`no answer to ${path}`)))
    asked.once('error', reject)
    asked.end(body)
  })
}
