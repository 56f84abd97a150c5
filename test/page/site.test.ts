import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Commands } from '../../lib/control/protocol.js'
import type { Order } from '../../lib/page/desk.js'
import { resultText } from '../../lib/page/orders.js'
import type { PageRequest, PageResponse } from '../../lib/page/request.js'
import { answer } from '../../lib/page/site.js'
import { deskOf, hereOf, TOKEN } from './pages.js'

const HOST = '127.0.0.1:8080'
const ORIGIN = `http://${HOST}`

interface Asked extends Partial<Omit<PageRequest, 'query' | 'fields' | 'headers'>> {
  readonly headers?: Record<string, string>
  readonly query?: Record<string, string>
  readonly fields?: Record<string, string>
  readonly session?: boolean
  /** The token of the form is the session's unless it is given. */
  readonly formToken?: string
}

async function ask(asked: Asked): Promise<PageResponse & { readonly orders: readonly Order[] }> {
  const desk = deskOf('text')
  const entrance = await desk.enter(TOKEN, 'somewhere')
  const session = entrance.ok && asked.session !== false ? entrance.session : ''
  const token = asked.formToken ?? (await desk.formToken(session)) ?? ''
  const { headers, query, fields, method = 'GET', path = '', address = '127.0.0.1' } = asked
  const response = await answer(
    {
      method,
      path,
      address,
      secure: false,
      query: new URLSearchParams(query),
      headers: { host: HOST, cookie: `dmail=${session}`, ...(method === 'POST' ? { origin: ORIGIN } : {}), ...headers },
      ...(fields === undefined ? {} : { fields: new URLSearchParams({ token, ...fields }) }),
    },
    desk,
    hereOf('text'),
  )
  return { ...response, orders: desk.orders }
}

const SEND = { action: 'send', filter: 'domain=a.example' }
const DO = { method: 'POST', path: 'do', fields: SEND }

const ROWS: readonly (readonly [what: string, asked: Asked, status: number])[] = [
  ['the overview, logged in', {}, 200],
  ['the overview, not logged in', { session: false }, 401],
  ['the overview, from elsewhere', { address: '192.0.2.1' }, 403],
  ['what is kept up to date, not logged in', { path: 'live', session: false }, 401],
  ['a message, not logged in', { path: 'message', session: false }, 401],
  ['the queue by HEAD', { path: 'queue', method: 'HEAD' }, 200],
  ['a page that is not there', { path: 'nothing' }, 404],
  ['the page of every object', { path: 'constructor' }, 404],
  ['the log-in page', { path: 'login', session: false }, 200],
  ['a log-in with the token', { path: 'login', method: 'POST', session: false, fields: { secret: TOKEN } }, 303],
  ['a log-in with another', { path: 'login', method: 'POST', session: false, fields: { secret: 'x' } }, 401],
  [
    'a log-in of another site',
    { path: 'login', method: 'POST', fields: { secret: TOKEN }, headers: { origin: 'http://evil.example' } },
    403,
  ],
  ['a log-out', { path: 'logout', method: 'POST', fields: {} }, 303],
  ['a log-out by GET', { path: 'logout' }, 405],
  ['an action', DO, 303],
  ['an action by GET', { ...DO, method: 'GET' }, 405],
  ['an action by GET, not logged in', { ...DO, method: 'GET', session: false }, 405],
  ['an action by PUT', { ...DO, method: 'PUT' }, 405],
  ['an action, not logged in', { ...DO, session: false }, 401],
  ['an action with the token of another session', { ...DO, formToken: 'x' }, 403],
  ['an action without a token', { ...DO, formToken: '' }, 403],
  ['an action of another site', { ...DO, headers: { origin: 'http://evil.example' } }, 403],
  ['an action from elsewhere', { ...DO, address: '192.0.2.1' }, 403],
  ['an action that is none', { ...DO, fields: { action: 'explode' } }, 400],
  ['a post to a page', { path: 'queue', method: 'POST', fields: SEND }, 405],
  ['metrics, on this machine', { path: 'metrics', session: false }, 200],
  ['metrics, through a proxy', { path: 'metrics', session: false, headers: { 'x-forwarded-for': '192.0.2.1' } }, 401],
  [
    'metrics, through a proxy with the token',
    {
      path: 'metrics',
      session: false,
      headers: { 'x-forwarded-for': '192.0.2.1', authorization: `Bearer ${TOKEN.replaceAll(' ', '')}` },
    },
    401,
  ],
  ['metrics, through a proxy, logged in', { path: 'metrics', headers: { 'x-forwarded-for': '192.0.2.1' } }, 200],
  ['metrics, with a wrong token', { path: 'metrics', session: false, headers: { authorization: 'Bearer x' } }, 401],
  ['metrics, from elsewhere', { path: 'metrics', session: false, address: '192.0.2.1' }, 403],
]

describe('the page answers', () => {
  for (const [what, asked, status] of ROWS) {
    it(`${what}: ${status}`, async () => {
      const { orders, ...response } = await ask(asked)
      assert.equal(response.status, status)
      assert.equal(orders.length, asked.path === 'do' && status === 303 ? 1 : 0)
      assert.equal(response.headers['Cache-Control'], 'no-store')
      assert.match(response.headers['Content-Security-Policy'] ?? '', /^default-src 'none';.*frame-ancestors 'none'/)
    })
  }
})

const ORDERS: readonly (readonly [fields: Record<string, string>, order: Order])[] = [
  [SEND, { command: 'queue.send', args: { filter: ['domain=a.example'] } }],
  [
    { action: 'hold', filter: ' to=a@b  older=2h ' },
    { command: 'queue.hold', args: { filter: ['to=a@b', 'older=2h'] } },
  ],
  [
    { action: 'release', filter: 'all' },
    { command: 'queue.release', args: { filter: ['all'] } },
  ],
  [
    { action: 'drop', filter: 'x', sure: 'yes' },
    { command: 'queue.drop', args: { filter: ['x'] } },
  ],
  [
    { action: 'drop', filter: 'x', sure: 'yes', node: ' mail2 ' },
    { command: 'queue.drop', args: { filter: ['x'] }, node: 'mail2' },
  ],
  [
    { action: 'send', filter: 'x', node: '' },
    { command: 'queue.send', args: { filter: ['x'] } },
  ],
  [
    { action: 'suspend', domain: ' a.example ', reason: '', until: '' },
    { command: 'suspend', args: { domain: 'a.example' } },
  ],
  [
    { action: 'suspend', domain: 'a.example', reason: 'they move', until: '2999-01-01' },
    { command: 'suspend', args: { domain: 'a.example', reason: 'they move', untilMs: new Date(2999, 0, 1).getTime() } },
  ],
  [
    { action: 'resume', domain: 'a.example' },
    { command: 'resume', args: { domain: 'a.example' } },
  ],
  [
    { action: 'etrn', domain: '@a.example' },
    { command: 'etrn', args: { node: '@a.example' } },
  ],
]

describe('a form', () => {
  for (const [fields, order] of ORDERS) {
    it(`${Object.values(fields).join(' ')} gives the command ${order.command}`, async () => {
      const { orders, headers } = await ask({ ...DO, fields })
      assert.deepEqual(orders, [order])
      assert.equal(headers['Location'], './#deeds')
    })
  }

  it('of a list leads back to it, and nowhere else', async () => {
    const { headers } = await ask({ ...DO, fields: { ...SEND, list: '//evil.example to=<a>' } })
    assert.equal(headers['Location'], 'queue?filter=%2F%2Fevil.example%20to%3D%3Ca%3E#deeds')
  })

  it('of a list of another node leads back to that, and asks again for that node', async () => {
    const fields = { ...SEND, list: 'to=a', node: 'mail2' }
    const { headers } = await ask({ ...DO, fields })
    assert.equal(headers['Location'], 'queue?filter=to%3Da&node=mail2#deeds')
    const { orders, body } = await ask({ ...DO, fields: { ...fields, action: 'drop' } })
    assert.deepEqual(orders, [])
    assert.match(body, /drop domain=a\.example --node mail2/)
    assert.match(body, /name="node" value="mail2"/)
    assert.match(body, /href="queue\?filter=domain%3Da\.example&amp;node=mail2"/)
  })

  it('that drops mail is asked about first', async () => {
    const { status, orders, body } = await ask({ ...DO, fields: { action: 'drop', filter: 'domain=a.example' } })
    assert.deepEqual([status, orders], [200, []])
    assert.match(body, /name="sure" value="yes"/)
    assert.match(body, /drop domain=a\.example/)
  })

  it('with an end that is no time is not carried out', async () => {
    const { status, orders, body } = await ask({ ...DO, fields: { action: 'suspend', domain: 'a', until: 'soon' } })
    assert.deepEqual([status, orders], [400, []])
    assert.match(body, /&quot;soon&quot; is no time/)
  })
})

it('every answer has a nonce of its own, which its script and style bear', async () => {
  const pages = await Promise.all([ask({}), ask({})])
  const nonces = pages.map(({ headers, body }) => {
    const nonce = /script-src 'nonce-([^']+)'/.exec(headers['Content-Security-Policy'] ?? '')?.[1] ?? ''
    assert.equal(body.split(`nonce="${nonce}"`).length - 1, 2)
    return nonce
  })
  assert.notEqual(nonces[0], nonces[1])
})

const SEARCHES: readonly (readonly [query: Record<string, string>, filter: string])[] = [
  [{ q: 'bob@example.com', in: 'to' }, 'to=bob@example.com'],
  [{ q: 'bob@example.com', in: 'from' }, 'from=bob@example.com'],
  [{ q: 'mie3k2a1', in: 'id' }, 'mie3k2a1'],
  [{ q: 'mie3*', in: 'id' }, 'id=mie3*'],
  [{ q: 'to=a@b older=2h', in: 'to' }, 'to=a@b older=2h'],
  [{ filter: 'domain=a.example' }, 'domain=a.example'],
  [{ q: ' ', in: 'to' }, ''],
]

describe('a search', () => {
  for (const [query, filter] of SEARCHES) {
    it(`${Object.values(query).join(' as ')} is the filter "${filter}"`, async () => {
      const { body } = await ask({ path: 'queue', query })
      assert.ok(body.includes(`data-live="live?view=queue&amp;filter=${encodeURIComponent(filter)}"`))
    })
  }
})

describe('what came of an order', () => {
  const flush = { workers: 1, missing: 0, complete: true, count: 2, running: false }
  const rows: readonly (readonly [result: Commands['etrn']['result'], text: string])[] = [
    [flush, '2 messages tried now'],
    [{ ...flush, running: true }, 'is being sent already'],
    [{ ...flush, nodes: { answered: ['a'], silent: [] } }, '2 messages tried now'],
    [
      { ...flush, nodes: { answered: ['a'], silent: ['mail3'] } },
      '2 messages tried now; node mail3 did not answer: it may have more',
    ],
  ]
  for (const [result, text] of rows) {
    it(`of etrn: ${text}`, () => {
      assert.equal(resultText({ command: 'etrn', args: { node: 'a.example' } }, result), text)
    })
  }
})
