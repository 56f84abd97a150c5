import assert from 'node:assert/strict'

const VOID = new Set(['meta', 'link', 'input', 'br', 'line', 'rect'])
const RAW = new Set(['style', 'script'])
const ATTRIBUTE = /\s+([a-zA-Z][a-zA-Z0-9-]*)(?:="([^"<>]*)")?/gy
const NAME = /[a-zA-Z][a-zA-Z0-9]*/y

/** What a page is made of: elements with the names of their attributes, in order, without any text. */
export interface Markup {
  readonly skeleton: readonly string[]
  /** The text between the elements, entities resolved. */
  readonly text: string
  /** Attributes of each element by its name. */
  readonly elements: readonly { readonly name: string; readonly attributes: ReadonlyMap<string, string> }[]
}

/** Reads HTML as our pages write it; stricter than a browser, so that nothing can be taken for something else. */
export function readMarkup(page: string): Markup {
  const skeleton: string[] = []
  const elements: { name: string; attributes: ReadonlyMap<string, string> }[] = []
  const open: string[] = []
  let text = ''
  let at = page.startsWith('<!doctype html>') ? '<!doctype html>'.length : 0
  while (at < page.length) {
    const tag = page.indexOf('<', at)
    const between = page.slice(at, tag < 0 ? undefined : tag)
    text += resolve(between)
    if (tag < 0) break
    if (page[tag + 1] === '/') {
      const end = page.indexOf('>', tag)
      const name = page.slice(tag + 2, end).trim()
      assert.equal(name, open.pop(), `</${name}> ends another element`)
      skeleton.push(`/${name}`)
      at = end + 1
      continue
    }
    NAME.lastIndex = tag + 1
    const name = NAME.exec(page)?.[0]
    assert.ok(name !== undefined, `a "<" that begins no element: ${page.slice(tag, tag + 40)}`)
    const attributes = new Map<string, string>()
    at = tag + 1 + name.length
    for (;;) {
      ATTRIBUTE.lastIndex = at
      const found = ATTRIBUTE.exec(page)
      if (found === null) break
      assert.ok(!attributes.has(found[1] ?? ''), `${found[1] ?? ''} is given twice`)
      attributes.set(found[1] ?? '', resolve(found[2] ?? ''))
      at = ATTRIBUTE.lastIndex
    }
    const end = /\s*\/?>/y
    end.lastIndex = at
    const ended = end.exec(page)
    assert.ok(ended !== null, `<${name}> does not end: ${page.slice(at, at + 40)}`)
    at = end.lastIndex
    elements.push({ name, attributes })
    skeleton.push(`${name} ${[...attributes.keys()].join(' ')}`)
    if (RAW.has(name)) {
      const close = page.indexOf(`</${name}>`, at)
      assert.ok(close >= 0, `<${name}> has no end`)
      at = close
    }
    if (!VOID.has(name)) open.push(name)
  }
  assert.deepEqual(open, [], 'elements without an end')
  return { skeleton, text, elements }
}

function resolve(text: string): string {
  assert.doesNotMatch(text, /[<>"']|&(?!(?:amp|lt|gt|quot|#39);)/, 'not escaped')
  return text.replace(
    /&(amp|lt|gt|quot|#39);/g,
    (_, name: string) => ({ amp: '&', lt: '<', gt: '>', quot: '"', '#39': "'" })[name] ?? '',
  )
}
