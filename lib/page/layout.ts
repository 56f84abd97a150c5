import { html, Html, type Part } from './html.js'
import { SCRIPT } from './script.js'
import { STYLE } from './style.js'

export interface Layout {
  readonly title: string
  /** Lets the style and the script of this answer in, and no others. */
  readonly nonce: string
  /** The page among those of the menu; undefined where nobody is logged in. */
  readonly menu?: { readonly current: string; readonly formToken: string }
  /** Where the parts of the page come from. */
  readonly live?: string
  readonly body: Part
}

const PAGES: readonly (readonly [href: string, name: string])[] = [
  ['./', 'Overview'],
  ['queue', 'Queue'],
  ['route', 'Route'],
]

/** A whole page. */
export function document({ title, nonce, menu, live, body }: Layout): string {
  const page = html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${title} – dmail</title>
<link rel="icon" href="data:,">
<style nonce="${nonce}">${new Html(STYLE)}</style>
</head>
<body${live !== undefined && html` data-live="${live}"`}>
<a class="skip" href="#main">To the content</a>
<div class="bar"><header><strong>dmail</strong>${menu !== undefined && menuOf(menu)}</header></div>
<main id="main">${body}${live !== undefined && html`<p id="live"></p>`}</main>
${
  live !== undefined &&
  html`<script nonce="${nonce}">
    ${new Html(SCRIPT)}
  </script>`
}
</body>
</html>
`
  return page.text
}

function menuOf({ current, formToken }: NonNullable<Layout['menu']>): Html {
  return html`<nav aria-label="Pages">
      ${PAGES.map(
        ([href, name]) => html`<a href="${href}" ${name === current && html` aria-current="page"`}>${name}</a>`,
      )}
    </nav>
    <form method="post" action="logout">
      <input type="hidden" name="token" value="${formToken}" /><button>Log out</button>
    </form>`
}

/** What a browser may do with an answer: nothing from elsewhere, nothing kept, nothing framed. */
export function safetyHeaders(nonce: string): Record<string, string> {
  return {
    'Content-Security-Policy': [
      "default-src 'none'",
      `style-src 'nonce-${nonce}'`,
      `script-src 'nonce-${nonce}'`,
      "connect-src 'self'",
      'img-src data:',
      "form-action 'self'",
      "frame-ancestors 'none'",
      "base-uri 'none'",
    ].join('; '),
    'Cache-Control': 'no-store',
    'Cross-Origin-Opener-Policy': 'same-origin',
    'Cross-Origin-Resource-Policy': 'same-origin',
    // With no-referrer browsers send the Origin "null" with a form.
    'Referrer-Policy': 'same-origin',
    'X-Content-Type-Options': 'nosniff',
    'X-Frame-Options': 'DENY',
  }
}
