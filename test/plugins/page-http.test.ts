import assert from 'node:assert/strict'
import { createServer, request, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, beforeEach, describe, it } from 'node:test'
import type { Desk } from '../../lib/page/desk.js'
import { pageListener } from '../../plugins/admin/page-http.js'
import { deskOf, hereOf } from '../page/pages.js'
import { until } from '../support/wait.js'

const FORM = 'application/x-www-form-urlencoded'

describe('requests for the page', () => {
  /** Tests put other answers into it. */
  let desk: { -readonly [Name in keyof Desk]: Desk[Name] }
  let complaints: unknown[]
  let close: () => void
  let port: number
  /** What Express has made of the body. */
  let body: unknown

  beforeEach(async () => {
    desk = deskOf('text')
    complaints = []
    body = undefined
    const listener = pageListener(desk, hereOf('text'), (error) => complaints.push(error))
    const server = createServer((incoming, response) => {
      const pass = (): void => {
        listener(Object.assign(incoming, { originalUrl: `/dmail${incoming.url ?? ''}`, body }), response)
      }
      if (body === undefined) pass()
      else incoming.resume().once('end', () => setImmediate(pass))
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    port = (server.address() as AddressInfo).port
    close = () => {
      server.close()
      server.closeAllConnections()
    }
  })
  afterEach(() => {
    close()
  })

  function ask(path: string, form?: string): Promise<IncomingMessage> {
    const origin = `http://127.0.0.1:${port}`
    const headers = form === undefined ? {} : { 'Content-Type': FORM, Origin: origin }
    return new Promise((resolve, reject) => {
      request(new URL(path, origin), { method: form === undefined ? 'GET' : 'POST', headers }, (response) => {
        response.resume()
        resolve(response)
      })
        .once('error', reject)
        .end(form)
    })
  }

  it('sixteen are answered at once, the next is told to come again', async () => {
    const waiting: ((token: undefined) => void)[] = []
    desk.formToken = () => new Promise((resolve) => waiting.push(resolve))
    const first = Array.from({ length: 16 }, () => ask('/'))
    await until(() => waiting.length === 16, { otherwise: () => `${waiting.length} came` })
    const { statusCode, headers } = await ask('/')
    assert.deepEqual([statusCode, headers['retry-after']], [503, '1'])
    for (const answer of waiting) answer(undefined)
    assert.deepEqual(new Set((await Promise.all(first)).map((response) => response.statusCode)), new Set([401]))
    desk.formToken = () => Promise.resolve(undefined)
    assert.equal((await ask('/')).statusCode, 401)
  })

  it('one that the server cannot answer is told so, and the log why', async () => {
    desk.formToken = () => Promise.reject(new Error('no answer in 12 s'))
    assert.equal((await ask('/')).statusCode, 503)
    assert.match(String(complaints[0]), /no answer in 12 s/)
  })

  it('connections are not kept: a worker has to come to its end', async () => {
    assert.equal((await ask('/')).headers.connection, 'close')
  })

  it('a form that another plugin had Express read is taken too, its texts', async () => {
    let secret = ''
    desk.enter = (token) => {
      secret = token
      return Promise.resolve({ ok: false, waitMs: 0 })
    }
    body = { secret: 'a secret', other: { secret: 'no text' } }
    assert.equal((await ask('/login', 'secret=gone')).statusCode, 401)
    assert.equal(secret, 'a secret')
  })
})
