import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import path from 'node:path'
import { it } from 'node:test'
import fc from 'fast-check'
import { metricsText } from '../../lib/page/metrics.js'
import { packageRoot } from '../support/install.js'
import { readMetrics } from './metrics-text.js'
import { METRICS } from './pages.js'

it('metrics are in the text format of Prometheus, with a value for everything', () => {
  const samples = readMetrics(metricsText(METRICS))
  const value = (name: string, labels = {}): number | undefined =>
    samples.find((sample) => sample.name === name && JSON.stringify(sample.labels) === JSON.stringify(labels))?.value
  assert.equal(value('dmail_queue_messages', { state: 'held' }), 3)
  assert.equal(value('dmail_queue_bytes'), 4000)
  assert.equal(value('dmail_deliveries_total'), 1)
  assert.equal(value('dmail_failures_total'), 2)
  assert.equal(value('dmail_rcpt_refusals_total', { reply: 'unknownUser' }), 4)
  assert.equal(value('dmail_robots_waiting'), 2)
  assert.equal(value('dmail_workers'), 3)
})

it('labels come back as they were, whatever they hold', () => {
  fc.assert(
    fc.property(fc.string({ unit: fc.constantFrom('a', '"', '\\', '\n', '}', ',', '=', 'ü') }), (version) => {
      const [info] = readMetrics(metricsText({ ...METRICS, version }))
      assert.deepEqual(info, { name: 'dmail_info', labels: { version }, value: 1 })
    }),
  )
})

it('every metric is on its page, and no other', () => {
  const page = readFileSync(path.join(packageRoot(), 'docs/metrics.md'), 'utf8')
  const described = [...page.matchAll(/^\| `(dmail_[a-z_]+)(?:\{[^`]*\})?` \|/gm)].map(([, name]) => name)
  const names = new Set(readMetrics(metricsText(METRICS)).map(({ name }) => name))
  assert.deepEqual(described, [...names])
})
