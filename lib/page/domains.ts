import { suspensionText } from '../text/queue.js'
import { nextText } from '../text/status.js'
import { sizeText, spanText } from '../text/values.js'
import type { DomainSummary } from '../queue/shown.js'
import type { Status } from '../control/protocol.js'
import { actions, hidden, table, type Button, type Sheet } from './forms.js'
import { cut, html, type Html } from './html.js'

/** Rows of each table; the rest is counted. */
const MAX_ROWS = 50
const MAX_REASON = 300

export function domainTable({ domains, otherDomains, suspensions }: Status, sheet: Sheet): Html {
  // What a line of dmail.conf suspends, or a wider suspension, is not resumed by the domain's name.
  const resumable = new Set(suspensions.filter(({ at }) => at === undefined).map(({ domain }) => domain))
  if (domains.length === 0) return html`<p class="dim">No mail waits.</p>`
  const shown = domains.slice(0, MAX_ROWS)
  const more = domains.length - shown.length + otherDomains
  return html`${table(
    'Domains with waiting mail',
    ['Domain', '#Mail', '#Size', '#Oldest', 'Next try', 'Last reason', 'Actions'],
    shown.map((one) => domainRow(one, resumable.has(one.domain), sheet)),
  )}${more > 0 && html`<p>and ${more.toLocaleString('en')} more domains: <a href="queue">look in the queue</a></p>`}`
}

function domainRow(one: DomainSummary, resumable: boolean, sheet: Sheet): Html {
  const { domain, count, bytes, oldestMs, reason } = one
  const filter = filterFor(domain)
  return html`<tr>
    <th scope="row">
      ${filter === undefined ? domain : html`<a href="queue?filter=${encodeURIComponent(filter)}">${domain}</a>`}
    </th>
    <td class="n">${count.toLocaleString('en')}</td>
    <td class="n">${sizeText(bytes)}</td>
    <td class="n">${spanText(sheet.nowMs - oldestMs)}</td>
    <td>${nextText(one, sheet.nowMs)}</td>
    <td class="reason">${cut(reason, MAX_REASON)}</td>
    <td>${filter !== undefined && actions(sheet, { domain, filter }, domainButtons(one, resumable))}</td>
  </tr>`
}

function domainButtons({ domain, suspended, held, count }: DomainSummary, resumable: boolean): Button[] {
  const about = `: mail for ${domain}`
  return [
    { action: suspended ? 'etrn' : 'send', label: 'Send now', about },
    ...(suspended ? [] : [{ action: 'suspend', label: 'Suspend', about }]),
    ...(resumable ? [{ action: 'resume', label: 'Resume', about }] : []),
    ...(held < count ? [{ action: 'hold', label: 'Hold', about }] : []),
    ...(held > 0 ? [{ action: 'release', label: 'Release', about }] : []),
    { action: 'drop', label: 'Drop…', about },
  ]
}

/** undefined for a domain that no word of a filter can name. */
function filterFor(domain: string): string | undefined {
  return domain === '' || /[\s*?!,]/.test(domain) ? undefined : `domain=${domain}`
}

export function suspensionTable({ suspensions }: Status, sheet: Sheet): Html {
  if (suspensions.length === 0) return html`<p class="dim">No domain is suspended.</p>`
  const shown = suspensions.slice(0, MAX_ROWS)
  return html`${table(
    'Suspended domains',
    ['Domain', '#Mail', '#Size', '#Oldest', 'By', 'Actions'],
    shown.map((one) => {
      const { domain, count, bytes, oldestMs, at } = one
      const etrn = etrnFor(domain)
      const about = `: ${domain}`
      return html`<tr>
        <th scope="row">${domain}</th>
        <td class="n">${count.toLocaleString('en')}</td>
        <td class="n">${sizeText(bytes)}</td>
        <td class="n">${oldestMs === undefined ? '-' : spanText(sheet.nowMs - oldestMs)}</td>
        <td class="reason">${cut(suspensionText(one), MAX_REASON)}</td>
        <td>
          ${at === undefined && actions(sheet, { domain }, [{ action: 'resume', label: 'Resume', about }])}${etrn !== undefined && actions(sheet, { domain: etrn }, [{ action: 'etrn', label: 'Send now', about }])}
        </td>
      </tr>`
    }),
  )}${suspensions.length > shown.length && html`<p>and ${suspensions.length - shown.length} more: <code>dmail status</code></p>`}`
}

/** What `dmail etrn` would be given; undefined where that takes no such list. */
function etrnFor(domain: string): string | undefined {
  if (/[?!,]/.test(domain) || domain === '*') return undefined
  return domain.startsWith('*.') ? `@${domain.slice(2)}` : domain.includes('*') ? undefined : domain
}

export function suspendForm(sheet: Sheet): Html {
  return html`<form method="post" action="do" class="line" aria-label="Suspend a domain">
    ${hidden(sheet, {})}
    <label
      >Domain
      <input name="domain" required placeholder="example.com or *.example.com" autocomplete="off" spellcheck="false"
    /></label>
    <label>Reason <input name="reason" maxlength="500" placeholder="none" /></label>
    <label>Until <input name="until" placeholder="2h, 3d, 2026-12-24T18:00" autocomplete="off" /></label>
    <button name="action" value="suspend">Suspend</button>
  </form>`
}
