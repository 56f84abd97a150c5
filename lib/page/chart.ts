import { timeText } from '../text/values.js'
import { MINUTES, type Minute } from './counters.js'
import { html, type Html } from './html.js'

const BAR = 10
const HEIGHT = 120
const WIDTH = MINUTES * BAR

/** Kinds from the bottom of a bar to its top; the class gives the colour. */
const KINDS = ['delivered', 'deferred', 'failed'] as const

/** The last hour, a bar for each minute, and the same as a table. */
export function chart(minutes: readonly Minute[], nowMs: number): Html {
  const sum = (kind: (typeof KINDS)[number]): number => minutes.reduce((all, one) => all + one[kind], 0)
  const now = Math.floor(nowMs / 60_000)
  const top = roundUp(Math.max(1, ...minutes.map((one) => one.delivered + one.deferred + one.failed)))
  return html`<figure class="chart">
      <svg viewBox="-4 -14 ${WIDTH + 8} ${HEIGHT + 32}" role="img" aria-labelledby="chart-title">
        <title id="chart-title">
          Per minute in the last hour: ${sum('delivered')} delivered, ${sum('deferred')} deferred, ${sum('failed')}
          failed
        </title>
        <line class="grid" x1="0" x2="${WIDTH}" y1="0" y2="0" />
        <line class="grid" x1="0" x2="${WIDTH}" y1="${HEIGHT / 2}" y2="${HEIGHT / 2}" />
        <line class="axis" x1="0" x2="${WIDTH}" y1="${HEIGHT}" y2="${HEIGHT}" />
        ${minutes.map((one) => bar(one, now, top))}
        <text x="0" y="-3">${top} per minute</text>
        <text x="0" y="${HEIGHT + 14}">${MINUTES} min ago</text>
        <text x="${WIDTH}" y="${HEIGHT + 14}" text-anchor="end">now</text>
      </svg>
      <figcaption>
        <ul class="legend">
          <li><span class="key delivered"></span>delivered ${sum('delivered')}</li>
          <li><span class="key deferred"></span>deferred ${sum('deferred')}</li>
          <li><span class="key failed"></span>failed ${sum('failed')}</li>
        </ul>
      </figcaption>
    </figure>
    <details>
      <summary>As a table</summary>
      ${table(minutes)}
    </details>`
}

function bar(one: Minute, now: number, top: number): Html {
  const x = (MINUTES - 1 - (now - one.minute)) * BAR + 1
  if (x < 0) return html``
  let y = HEIGHT
  return html`${KINDS.map((kind) => {
    const height = Math.round((one[kind] / top) * HEIGHT * 10) / 10
    if (height === 0) return undefined
    y -= height
    return html`<rect class="${kind}" x="${x}" y="${Math.round(y * 10) / 10}" width="${BAR - 2}" height="${height}" />`
  })}`
}

/** 1, 2, 5, 10, 20, 50, ...: what the axis ends with. */
function roundUp(most: number): number {
  const power = 10 ** Math.floor(Math.log10(most))
  return ([1, 2, 5, 10].find((step) => step * power >= most) ?? 10) * power
}

function table(minutes: readonly Minute[]): Html {
  if (minutes.length === 0) return html`<p>Nothing happened.</p>`
  return html`<table>
    <thead>
      <tr>
        <th scope="col">Minute</th>
        <th scope="col" class="n">Delivered</th>
        <th scope="col" class="n">Deferred</th>
        <th scope="col" class="n">Failed</th>
      </tr>
    </thead>
    <tbody>
      ${minutes.map(
        ({ minute, delivered, deferred, failed }) =>
          html`<tr>
            <th scope="row">${timeText(minute * 60_000)}</th>
            <td class="n">${delivered}</td>
            <td class="n">${deferred}</td>
            <td class="n">${failed}</td>
          </tr>`,
      )}
    </tbody>
  </table>`
}
