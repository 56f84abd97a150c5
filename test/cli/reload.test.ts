import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { ReloadResult } from '../../lib/control/protocol.js'
import { resultOf, talk } from './fake-server.js'

const GOOD: ReloadResult = {
  reloaded: true,
  error: '',
  summary: '1 local domains, 2 aliases, 0 warnings, 0 errors',
  errors: [],
  warnings: [],
  workers: 3,
  missing: 0,
}
const LINE = { at: 'dmail.conf:3:1', message: 'it is wrong', hint: 'mend it' }

describe('dmail reload', () => {
  const rows: [what: string, result: ReloadResult, exit: number, out: string][] = [
    ['that went well', GOOD, 0, `reloaded: ${GOOD.summary}\n`],
    [
      'with a warning',
      { ...GOOD, warnings: [LINE] },
      0,
      `warning dmail.conf:3:1 it is wrong\n      mend it\nreloaded: ${GOOD.summary}\n`,
    ],
    [
      'that an error prevents',
      { ...GOOD, reloaded: false, error: '1 errors, the configuration before stays in force', errors: [LINE] },
      1,
      'error dmail.conf:3:1 it is wrong\n      mend it\n' +
        'not reloaded: 1 errors, the configuration before stays in force\n',
    ],
    [
      'that a worker does not answer',
      { ...GOOD, missing: 1 },
      1,
      `reloaded: ${GOOD.summary}\n1 worker did not answer in time: see the log\n`,
    ],
  ]
  for (const [what, result, exit, out] of rows) {
    it(`${what}: exit ${exit}`, async () => {
      const ran = await talk(['reload'], resultOf('reload', result))
      assert.deepEqual([ran.exit, ran.out, ran.err], [exit, out, ''])
      assert.deepEqual(ran.requests, [{ command: 'reload', args: {} }])
    })
  }

  it('prints JSON', async () => {
    const ran = await talk(['reload', '--json'], resultOf('reload', GOOD))
    assert.deepEqual(JSON.parse(ran.out), GOOD)
  })
})
