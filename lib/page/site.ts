import type { Desk, Here } from './desk.js'
import { same } from './door.js'
import { hidden, note, type Sheet } from './forms.js'
import { html, type Html } from './html.js'
import { safetyHeaders } from './layout.js'
import { METRICS_TYPE, metricsText } from './metrics.js'
import { nodeOf, queueUrl } from './nodes.js'
import { orderText, readOrder } from './orders.js'
import { read } from './pages.js'
import { bearerOf, cookieOf, isFromHere, isLocal, sessionOf, type PageRequest, type PageResponse } from './request.js'
import { goTo, page, plain } from './respond.js'

/** Paths that are read, and those that are only written to. */
const READ = ['', 'queue', 'message', 'route', 'live', 'metrics', 'login']
const WRITTEN = ['login', 'logout', 'do']

/** Answers a request for the page. Rejects when the one process does not answer. */
export async function answer(request: PageRequest, desk: Desk, here: Here): Promise<PageResponse> {
  const { method, path, address } = request
  if (!here.allows(address)) return plain(403, 'This page is not for your address: see page_from in dmail.ini.')
  const reads = method === 'GET' || method === 'HEAD'
  const methods = [...(READ.includes(path) ? ['GET', 'HEAD'] : []), ...(WRITTEN.includes(path) ? ['POST'] : [])]
  if (methods.length === 0) return plain(404, 'There is no such page.')
  if (!methods.includes(method))
    return plain(405, `This is done by ${methods.join(', ')}.`, { Allow: methods.join(', ') })
  if (path === 'metrics') return metrics(request, desk)
  if (!reads && !isFromHere(request)) return plain(403, 'This form does not come from this page.')
  if (path === 'login') return reads ? loginPage(200) : logIn(request, desk)
  const formToken = await desk.formToken(sessionOf(request))
  if (formToken === undefined) return loginPage(401)
  return reads ? read(request, desk, here, formToken) : write(request, desk, formToken)
}

async function metrics(request: PageRequest, desk: Desk): Promise<PageResponse> {
  const token = bearerOf(request)
  const known =
    (token === undefined && isLocal(request)) ||
    (token !== undefined && (await desk.knows(token, request.address))) ||
    (await desk.formToken(sessionOf(request))) !== undefined
  if (!known) return plain(401, 'Metrics need the token: "Authorization: Bearer TOKEN".', BEARER)
  return {
    status: 200,
    headers: { ...safetyHeaders(''), 'Content-Type': METRICS_TYPE },
    body: metricsText(await desk.metrics()),
  }
}

const BEARER = { 'WWW-Authenticate': 'Bearer realm="dmail"' }

function loginPage(status: number, why?: string): PageResponse {
  const body = html`<div class="narrow">
    <h1>Log in</h1>
    ${why !== undefined && note('error', html`<span role="alert">${why}</span>`)}
    <p>The token is in the file <code>dmail-page.token</code> of the Haraka directory.</p>
    <form method="post" action="login" class="line">
      <label>Token <input type="password" name="secret" required autofocus autocomplete="current-password" /></label>
      <button>Log in</button>
    </form>
  </div>`
  return page(status, { title: 'Log in', body }, status === 401 ? BEARER : {})
}

async function logIn(request: PageRequest, desk: Desk): Promise<PageResponse> {
  const entrance = await desk.enter((request.fields?.get('secret') ?? '').trim(), request.address)
  if (entrance.ok) return goTo('./', { 'Set-Cookie': cookieOf(entrance.session, entrance.seconds, request) })
  if (entrance.waitMs === 0) return loginPage(401, 'That is not the token.')
  const seconds = Math.ceil(entrance.waitMs / 1000)
  const { status, headers, body } = loginPage(429, `Too many tries: wait ${seconds} seconds.`)
  return { status, headers: { ...headers, 'Retry-After': String(seconds) }, body }
}

async function write(request: PageRequest, desk: Desk, formToken: string): Promise<PageResponse> {
  const fields = request.fields ?? new URLSearchParams()
  if (!same(fields.get('token') ?? '', formToken))
    return plain(403, 'This form is of another session: load the page again.')
  if (request.path === 'logout') return goTo('login', { 'Set-Cookie': cookieOf('', 0, request) })
  const asked = readOrder(fields, Date.now())
  const list = fields.get('list') ?? undefined
  const node = nodeOf(fields)
  const back = list === undefined ? './' : queueUrl({ filter: list, node })
  if (!asked.ok) {
    const body = html`<h1>Not done</h1>
      ${note('error', `${asked.error.message} ${asked.error.hint}`)}
      <p><a href="${back}">Back</a></p>`
    return page(400, { title: 'Not done', menu: { current: '', formToken }, body })
  }
  if (asked.grave && !fields.has('sure')) {
    const sheet = { nowMs: 0, formToken, ...(list === undefined ? {} : { list }), ...(node === '' ? {} : { node }) }
    return page(200, {
      title: 'Sure?',
      menu: { current: '', formToken },
      body: confirmation(orderText(asked.order), fields, sheet, back),
    })
  }
  await desk.act(asked.order)
  return goTo(`${back}#deeds`)
}

function confirmation(what: string, fields: URLSearchParams, sheet: Sheet, back: string): Html {
  const filter = fields.get('filter') ?? ''
  return html`<h1>Drop mail for good?</h1>
    <p>
      <code>${what}</code> removes the messages that match from the queue. Nobody gets a report, and nothing brings them
      back.
    </p>
    <p><a href="${queueUrl({ filter, ...sheet })}">See what matches</a></p>
    <form method="post" action="do" class="line">
      ${hidden(sheet, { filter, sure: 'yes' })} <button name="action" value="drop" class="grave">Drop for good</button>
      <a href="${back}">Keep them</a>
    </form>`
}
