import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { visible } from '../../lib/text/values.js'
import { escapeHtml, html } from '../../lib/page/html.js'
import type { PageRequest } from '../../lib/page/request.js'
import { answer } from '../../lib/page/site.js'
import { readMarkup } from './markup.js'
import { deskOf, hereOf, TOKEN } from './pages.js'

/** Text that wants out of where it is put. */
const hostile = fc.oneof(
  fc.string({ minLength: 1, unit: 'binary' }),
  fc
    .array(
      fc.constantFrom(
        '<script>',
        '</pre>',
        '"',
        "'",
        '&',
        '&lt;',
        '<!--',
        '>',
        '=',
        '`',
        '\u001b[2J',
        '\u202e',
        '\r',
        '\n',
        '${',
        'x',
      ),
      { minLength: 1, maxLength: 12 },
    )
    .map((parts) => parts.join('')),
)

describe('text in a page', () => {
  it('is shown as it is, whatever it holds, in elements and in attributes', () => {
    fc.assert(
      fc.property(hostile, (text) => {
        const { text: shown, elements, skeleton } = readMarkup(html`<p title="${text}">${text}</p>`.text)
        const expected = text
          .split(/(\r?\n|\t)/)
          .map((piece, at) => (at % 2 === 1 ? piece.replace('\r', '') : visible(piece)))
          .join('')
        assert.equal(shown, expected)
        assert.equal(elements[0]?.attributes.get('title'), expected)
        assert.deepEqual(skeleton, ['p title', '/p'])
      }),
    )
  })

  it('is escaped once; HTML that is put in stays HTML', () => {
    assert.equal(
      html`<b>${html`<i>${'a&b'}</i>`}${['<', html`<br />`]}${undefined}${false}${0}</b>`.text,
      '<b><i>a&amp;b</i>&lt;<br />0</b>',
    )
  })

  it('has no control characters but line ends and tabs', () => {
    assert.equal(escapeHtml('a\u0000\rb\u202e\r\n\tc'), 'a\\x00\\x0db\\u202e\n\tc')
  })
})

const PAGES = ['', 'queue', 'queue?filter=x', 'message?id=x', 'route?address=x', 'route'] as const

describe('pages', () => {
  async function load(path: string, text: string): Promise<string> {
    const desk = deskOf(text)
    const entrance = await desk.enter(TOKEN, '')
    const [name = '', query] = path.split('?')
    const request: PageRequest = {
      method: 'GET',
      path: name,
      query: new URLSearchParams(query),
      address: '127.0.0.1',
      headers: { cookie: `dmail=${entrance.ok ? entrance.session : ''}` },
      secure: false,
    }
    const { status, body } = await answer(request, desk, hereOf(text))
    assert.equal(status, 200)
    return body
  }

  for (const path of PAGES) {
    it(`/${path}: whatever strangers write, the elements are the same`, async () => {
      const { skeleton } = readMarkup(await load(path, 'harmless'))
      await fc.assert(
        fc.asyncProperty(hostile, async (text) => {
          assert.deepEqual(readMarkup(await load(path, text)).skeleton, skeleton)
        }),
        { numRuns: 50 },
      )
    })

    it(`/${path}: one h1, labelled controls, table heads with a scope, no action by GET`, async () => {
      const { elements } = readMarkup(await load(path, 'harmless'))
      const all = (name: string): (typeof elements)[number][] => elements.filter((element) => element.name === name)
      assert.equal(all('h1').length, 1)
      assert.ok(all('th').every(({ attributes }) => attributes.has('scope')))
      const ids = elements.flatMap(({ attributes }) => attributes.get('id') ?? [])
      assert.equal(new Set(ids).size, ids.length, 'ids are given once')
      for (const { attributes } of all('form')) {
        assert.ok(attributes.get('method') === 'post' || ['queue', 'route'].includes(attributes.get('action') ?? ''))
      }
      const fields = all('input').filter(({ attributes }) => attributes.get('type') !== 'hidden')
      assert.equal(all('label').length, fields.length + all('select').length)
      assert.ok(
        elements.every(
          ({ attributes }) => !attributes.has('style') && ![...attributes.keys()].some((name) => name.startsWith('on')),
        ),
      )
    })
  }
})
