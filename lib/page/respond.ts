import { randomBytes } from 'node:crypto'
import type { Html } from './html.js'
import { document, safetyHeaders } from './layout.js'
import type { PageResponse } from './request.js'

/** A page of ours. */
export function page(
  status: number,
  layout: Omit<Parameters<typeof document>[0], 'nonce'>,
  headers: Readonly<Record<string, string>> = {},
): PageResponse {
  const nonce = randomBytes(16).toString('base64')
  return {
    status,
    headers: { ...safetyHeaders(nonce), ...headers, 'Content-Type': 'text/html; charset=utf-8' },
    body: document({ ...layout, nonce }),
  }
}

/** Parts of a page, for its script. */
export function json(parts: ReadonlyMap<string, Html>): PageResponse {
  const texts = Object.fromEntries([...parts].map(([id, part]) => [id, part.text]))
  const headers = { ...safetyHeaders(''), 'Content-Type': 'application/json' }
  return { status: 200, headers, body: JSON.stringify({ parts: texts }) }
}

/** For what no page of ours asks. */
export function plain(status: number, text: string, headers: Readonly<Record<string, string>> = {}): PageResponse {
  return {
    status,
    headers: { ...safetyHeaders(''), ...headers, 'Content-Type': 'text/plain; charset=utf-8' },
    body: `${text}\n`,
  }
}

/** To another page, after a form. */
export function goTo(location: string, headers: Readonly<Record<string, string>> = {}): PageResponse {
  return plain(303, location, { ...headers, Location: location })
}
