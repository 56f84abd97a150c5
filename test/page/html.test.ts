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
  async function load(path: string, text: string, nodes: readonly string[] = []): Promise<string> {
    const desk = deskOf(text, undefined, nodes)
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

  const nodesOf = (text: string): readonly string[] => ['mail1', 'mail2', `x${text}`]

  for (const path of ['', 'queue', 'queue?node=x', 'message?id=x&node=x', 'route?address=x&node=x']) {
    it(`/${path} of a node: whatever is in a name, the elements are the same`, async () => {
      const { skeleton } = readMarkup(await load(path, 'harmless', nodesOf('harmless')))
      await fc.assert(
        fc.asyncProperty(hostile, async (text) => {
          const at = path.replace('node=x', `node=${encodeURIComponent(`no ${text}`)}`)
          assert.deepEqual(readMarkup(await load(at, text, nodesOf(text))).skeleton, skeleton)
        }),
        { numRuns: 50 },
      )
    })
  }

  it('of a Haraka that is no node say nothing of nodes', async () => {
    for (const path of ['', 'queue', 'queue?filter=x', 'message?id=x', 'route?address=x']) {
      const { text, elements } = readMarkup(await load(path, 'harmless'))
      assert.doesNotMatch(text, /\bnode/i, path)
      for (const { attributes } of elements) {
        assert.notEqual(attributes.get('name'), 'node', path)
        assert.doesNotMatch(attributes.get('href') ?? '', /node/, path)
      }
    }
  })

  it('show the nodes, whether they live, and where they differ', async () => {
    const { text, elements } = readMarkup(await load('', 'text', ['mail1', 'mail2']))
    assert.match(text, /1 node up, 6 messages on all/)
    assert.match(text, /mail1 \(this one\)[^]*up since[^]*the same[^]*text 2[^]*mail2[^]*dead since 1m[^]*differs/)
    const links = elements.flatMap(({ attributes }) => attributes.get('href') ?? [])
    assert.ok(links.includes('queue?node=mail2'))
  })

  it('of a node lead to others of that node', async () => {
    const { elements } = readMarkup(await load('queue?node=mail2&filter=to%3Dx', 'text', ['mail1', 'mail2']))
    const links = elements.flatMap(({ attributes }) => attributes.get('href') ?? [])
    assert.deepEqual(
      links.filter((link) => link.includes('node=')),
      [
        'queue?filter=to%3Dx&node=mail1',
        'queue?filter=to%3Dx&node=mail2',
        'queue?node=mail2',
        'message?id=text&node=mail2',
      ],
    )
    const hidden = elements.filter(({ attributes }) => attributes.get('name') === 'node')
    // Of the search, of all that match, and of the message.
    assert.deepEqual(
      hidden.map(({ attributes }) => attributes.get('value')),
      ['mail2', 'mail2', 'mail2'],
    )
  })

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
