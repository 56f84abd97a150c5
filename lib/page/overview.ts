import { lacks } from '../text/queue.js'
import { counted, sizeText, spanText, timeText } from '../text/values.js'
import { formatAt, type Problem } from '../conf/problem.js'
import type { RasStatus } from '../etrn/ras-status.js'
import { chart } from './chart.js'
import type { Deed, Overview } from './desk.js'
import { domainTable, suspendForm, suspensionTable } from './domains.js'
import { note, section, table, type Sheet } from './forms.js'
import { cut, html, type Html } from './html.js'
import { nodeTable } from './nodes.js'

export interface OverviewData extends Overview {
  readonly deeds: readonly Deed[]
  readonly problems: readonly Problem[]
}

/** The parts of the overview that are kept up to date, by their ids. */
export function overviewParts(data: OverviewData, sheet: Sheet): ReadonlyMap<string, Html> {
  const { status, totals, deeds, problems } = data
  return new Map([
    ...(status.cluster === undefined ? [] : [['nodes', nodeTable(status.cluster, sheet)] as const]),
    ['server', server(data, sheet)],
    ['deeds', deedList(deeds)],
    ['traffic', chart(totals.counts.minutes, sheet.nowMs)],
    ['domains', domainTable(status, sheet)],
    ['suspensions', suspensionTable(status, sheet)],
    ['robots', robots(data)],
    ['health', health(data, problems, sheet)],
  ])
}

const TITLES: Readonly<Record<string, string>> = {
  server: 'Now',
  nodes: 'Nodes',
  deeds: 'Latest actions',
  traffic: 'The last hour',
  domains: 'Domains with waiting mail',
  suspensions: 'Suspended domains',
  robots: 'Robots',
  health: 'Health',
}

export function overviewBody(data: OverviewData, sheet: Sheet): Html {
  const parts = overviewParts(data, sheet)
  const { cluster } = data.status
  return html`<h1>${cluster === undefined ? 'Mail on this server' : `Mail on node ${cluster.node}`}</h1>
    ${[...parts].map(
      ([id, body]) => html`${section(id, TITLES[id] ?? id, body)}${id === 'suspensions' && suspendForm(sheet)}`,
    )}`
}

function server({ status, totals, problems }: OverviewData, { nowMs }: Sheet): Html {
  const troubled = problems.length > 0 || totals.counts.reloadTrouble !== undefined
  const { version, startedMs, workers, missing, queue, held } = status
  const lacking = lacks(status)
  return html`<p>
      dmail ${version}, running since ${timeText(startedMs)} (${spanText(nowMs - startedMs)}),
      ${counted(workers + missing, 'worker')}
    </p>
    ${troubled && note('warning', html`Something needs your attention: see <a href="#health">Health</a>.`)}
    ${lacking !== undefined && note('warning', `Not everything is counted: ${lacking}`)}
    <dl class="cards">
      ${card('messages wait', queue.count)}${card('in size', sizeText(queue.bytes))}${card('being sent', queue.sending)}${card('held', held)}${card('suspensions', status.suspensions.length)}
    </dl>`
}

function card(name: string, value: string | number): Html {
  return html`<div>
    <dt>${name}</dt>
    <dd>${typeof value === 'number' ? value.toLocaleString('en') : value}</dd>
  </div>`
}

/** What was done on the page, newest first. */
export function deedList(deeds: readonly Deed[]): Html {
  if (deeds.length === 0) return html`<p class="dim">Nothing was done on this page since the server started.</p>`
  return html`<ul class="deeds" role="status">
    ${deeds.map(
      ({ atMs, what, state, text }) =>
        html`<li class="${state.replace(' ', '-')}">
          <time>${timeText(atMs)}</time> <code>${cut(what, 200)}</code>
          <span>${state === 'refused' && 'refused: '}${cut(text, 1000)}</span>
        </li>`,
    )}
  </ul>`
}

function robots({ totals }: OverviewData): Html {
  const { running, waiting, programs } = totals.robots
  if (programs.length === 0) return html`<p class="dim">No robot runs.</p>`
  return html`<p>${counted(running, 'robot')} running, ${waiting} waiting for a place</p>
    ${table(
      'Robots',
      ['Program', '#Running', '#Waiting'],
      programs.map(
        (one) =>
          html`<tr>
            <th scope="row">${one.program}</th>
            <td class="n">${one.running}</td>
            <td class="n">${one.waiting}</td>
          </tr>`,
      ),
    )}`
}

/** Problems that are shown; `dmail check` shows all. */
const MAX_PROBLEMS = 50

function health({ totals, status }: OverviewData, problems: readonly Problem[], { nowMs }: Sheet): Html {
  const { events, lookupTrouble, reloadTrouble } = totals.counts
  return html`<h3>User look-ups</h3>
    <p>${counted(events.lookups, 'look-up')}, ${events.lookupFailures} without an answer</p>
    ${
      lookupTrouble !== undefined &&
      note('warning', `Last failure ${spanText(nowMs - lookupTrouble.atMs)} ago: ${cut(lookupTrouble.text, 300)}`)
    }
    ${status.ras !== undefined && ras(status.ras, nowMs)}
    <h3>Configuration</h3>
    ${
      reloadTrouble !== undefined &&
      note('error', `Not reloaded at ${timeText(reloadTrouble.atMs)}: ${cut(reloadTrouble.text, 300)}`)
    }
    ${
      problems.length === 0
        ? html`<p class="dim">No warnings.</p>`
        : html`<ul class="problems">
              ${problems.slice(0, MAX_PROBLEMS).map(
                ({ severity, at, message, hint }) =>
                  html`<li class="${severity}">
                    <strong>${severity}</strong>
                    <code>${formatAt(at)}</code>
                    ${cut(message, 300)}${hint !== '' && html`<br /><span class="dim">${cut(hint, 300)}</span>`}
                  </li>`,
              )}
            </ul>
            ${problems.length > MAX_PROBLEMS && html`<p>and ${problems.length - MAX_PROBLEMS} more: <code>dmail check</code></p>`}`
    }`
}

function ras({ host, nextMs, last }: RasStatus, nowMs: number): Html {
  const next = nextMs <= nowMs ? 'now' : `in ${spanText(nextMs - nowMs)}`
  const how = last === undefined ? 'not asked yet' : `last asked ${spanText(nowMs - last.atMs)} ago`
  return html`<h3>Mail from the provider</h3>
    <p>${host}: ${how}, next ${next}</p>
    ${last?.replies.map(({ domain, ok, text }) => note(ok ? 'plain' : 'error', `${domain}: ${cut(text, 300)}`))}`
}
