import { html, type Html, type Part } from './html.js'

/** What a page is made for. */
export interface Sheet {
  readonly nowMs: number
  /** Every form has to bring it back. */
  readonly formToken: string
  /** Where an action leads back to: the filter of the list it was on; undefined = the overview. */
  readonly list?: string
  /** The node that actions are for; undefined = this one. */
  readonly node?: string
}

export interface Button {
  readonly action: string
  readonly label: string
  /** What it is about, for who cannot see the row. */
  readonly about: string
}

/** A form whose buttons do something with the same messages or domain. */
export function actions(sheet: Sheet, fields: Readonly<Record<string, string>>, buttons: readonly Button[]): Html {
  return html`<form method="post" action="do" class="actions">
    ${hidden(sheet, fields)}${buttons.map(
      ({ action, label, about }) =>
        html`<button
          name="action"
          value="${action}"
          class="${action === 'drop' ? 'grave' : 'plain'}"
          aria-label="${label}${about}"
        >
          ${label}
        </button>`,
    )}
  </form>`
}

export function hidden({ formToken, list, node }: Sheet, fields: Readonly<Record<string, string>>): Html {
  const all = {
    token: formToken,
    ...(list === undefined ? {} : { list }),
    ...(node === undefined ? {} : { node }),
    ...fields,
  }
  return html`${Object.entries(all).map(([name, value]) => html`<input type="hidden" name="${name}" value="${value}" />`)}`
}

/** A table with a head; columns whose name begins with # hold numbers. */
export function table(caption: string, columns: readonly string[], rows: readonly Html[]): Html {
  return html`<div class="scroll" role="region" aria-label="${caption}" tabindex="0">
    <table>
      <caption class="hidden">
        ${caption}
      </caption>
      <thead>
        <tr>
          ${columns.map((name) =>
            name.startsWith('#')
              ? html`<th scope="col" class="n">${name.slice(1)}</th>`
              : html`<th scope="col">${name}</th>`,
          )}
        </tr>
      </thead>
      <tbody>
        ${rows}
      </tbody>
    </table>
  </div>`
}

/** A part of a page that is kept up to date. */
export function section(id: string, title: string, body: Part): Html {
  return html`<section id="${id}" aria-labelledby="${id}-title">
    <h2 id="${id}-title">${title}</h2>
    <div data-part="${id}">${body}</div>
  </section>`
}

export function note(kind: 'warning' | 'error' | 'plain', body: Part): Html {
  return html`<p class="note ${kind}">${body}</p>`
}
