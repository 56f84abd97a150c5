import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { describe, it } from 'node:test'
import { packageRoot } from '../support/install.js'
import { allPages, sectionsOf } from './pages.js'

const page = allPages().find(({ name }) => name === 'docs/troubleshooting.md')
const section = page && sectionsOf(page).find(({ heading }) => heading.startsWith('Reasons in the queue'))
assert.ok(section !== undefined)

/** The texts for senders of the page's table: `the mailbox is full` (4.2.2). */
const explained = Array.from(section.text.matchAll(/^\| `([^`]+)` \([45]\.[\dx.]+\) \|/gm), ([, text = '']) => text)

const folder = path.join(packageRoot(), 'lib/delivery')
const sources = [
  ...readdirSync(folder).map((name) => path.join(folder, name)),
  path.join(packageRoot(), 'plugins/runner.ts'),
]
  .filter((file) => file.endsWith('.ts'))
  .map((file) => readFileSync(file, 'utf8'))
  .join('\n')
  .replaceAll(
    '${PROGRAM}',
    /^const PROGRAM = '(.+)'$/m.exec(readFileSync(path.join(folder, 'robot-outcome.ts'), 'utf8'))?.[1] ?? '',
  )

/** What a delivery that failed tells senders, as far as it stands in the sources as one text. */
const told = Array.from(sources.matchAll(/\btext(?::| =) ['`]([^'`$]+)['`]/g), ([, text = '']) => text)

describe('docs/troubleshooting.md', () => {
  it('has the texts of deliveries that failed', () => {
    assert.ok(told.length >= 8, told.join('\n'))
    assert.deepEqual(
      told.filter((text) => !explained.includes(text)),
      [],
    )
  })

  it('explains no text that nobody is told', () => {
    assert.ok(explained.length >= told.length)
    assert.deepEqual(
      explained.filter((text) => !sources.includes(text)),
      [],
    )
  })
})
