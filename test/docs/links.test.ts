import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import path from 'node:path'
import { describe, it } from 'node:test'
import { packageRoot } from '../support/install.js'
import { allPages, anchorsOf, proseOf } from './pages.js'

const pages = allPages()

for (const page of pages) {
  describe(page.name, () => {
    it('has links that lead somewhere', () => {
      for (const target of relativeLinks(proseOf(page))) assert.equal(faultOf(page.name, target), undefined)
    })

    it('names no folder of a developer and no package registry', () => {
      assert.doesNotMatch(page.text, /(?:^|[\s`"'=(])\/(?:work|root|home|tmp|Users)\//m)
      assert.doesNotMatch(page.text, /registry\.|npmjs/i)
    })
  })
}

describe('the check of links', () => {
  it('sees a file and an anchor that are not there', () => {
    assert.deepEqual(relativeLinks('[a](x.md), [b](https://example.com/), [c](#d)'), ['x.md', '#d'])
    assert.equal(faultOf('README.md', 'docs/nowhere.md'), 'docs/nowhere.md is not there')
    assert.equal(faultOf('README.md', 'docs/queue.md#nowhere'), 'docs/queue.md has no heading #nowhere')
    assert.equal(faultOf('docs/users.md', 'rcpt.md#destinations'), undefined)
  })
})

function relativeLinks(text: string): string[] {
  return Array.from(text.matchAll(/\]\(([^)\s]+)\)/g), ([, target = '']) => target).filter(
    (target) => !/^[a-z]+:/.test(target),
  )
}

/** What is wrong with a link on a page. */
function faultOf(from: string, target: string): string | undefined {
  const [file = '', anchor] = target.split('#')
  const name = file === '' ? from : path.join(path.dirname(from), file)
  if (!existsSync(path.join(packageRoot(), name))) return `${name} is not there`
  const page = pages.find((each) => each.name === name)
  if (anchor === undefined || (page !== undefined && anchorsOf(page).includes(anchor))) return undefined
  return `${name} has no heading #${anchor}`
}
