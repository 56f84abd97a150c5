import assert from 'node:assert/strict'
import { describe, it, type TestContext } from 'node:test'
import { loadConfiguration } from '../../lib/conf/load.js'
import { buildRas } from '../../lib/suite/ras.js'
import type { RasSettings } from '../../lib/etrn/settings.js'
import { brief, complete, dirWith } from './helpers.js'

async function load(
  t: TestContext,
  conf: string,
  ini = '',
): Promise<{ problems: string[]; ras: RasSettings | undefined }> {
  const dir = dirWith(t, { 'config/dmail.conf': complete(conf), 'config/dmail.ini': ini })
  const configuration = await loadConfiguration(dir)
  return { problems: brief(configuration.problems), ras: buildRas(configuration) }
}

const FULL = 'ras_timer 60\nras_host provider.example.net:2525'

describe('the ras_* lines (Q8)', () => {
  it('without ras_timer ask nobody', async (t) => {
    assert.deepEqual(await load(t, ''), { problems: [], ras: undefined })
  })

  it('ask for every host_domain and vdomain', async (t) => {
    const conf = `host_domain domain1.com\nhost_domain www.domain1.com\nhost_domain [192.0.2.1]\nvdomain shop_ @shop domain2.com /var/shop\n${FULL}`
    assert.deepEqual(await load(t, conf), {
      problems: [],
      ras: {
        host: 'provider.example.net',
        port: 2525,
        everyMs: 3_600_000,
        domains: ['domain1.com', 'www.domain1.com', 'domain2.com'],
        hangupAfterMs: 600_000,
        firstMs: 10_000,
      },
    })
  })

  it('ask for each ras_domain once, and for nothing else', async (t) => {
    const { ras } = await load(t, `${FULL}\nras_domain Example.com\nras_domain example.net\nras_domain example.com`)
    assert.deepEqual(ras?.domains, ['example.com', 'example.net'])
  })

  it('name the programs for the line, and dmail.ini how long it stays open', async (t) => {
    const conf = `${FULL}\nras_dial /usr/bin/pon "two words"\nras_hangup poff`
    const { problems, ras } = await load(t, conf, '[etrn]\nhangup_after=5m\nfirst_round=1m')
    assert.deepEqual(problems, [])
    assert.deepEqual([ras?.dial, ras?.hangup], [['/usr/bin/pon', 'two words'], ['poff']])
    assert.deepEqual([ras?.hangupAfterMs, ras?.firstMs], [300_000, 60_000])
  })

  const warned: readonly [what: string, conf: string, warnings: readonly string[]][] = [
    ['ras_timer without ras_host', 'ras_timer 60', ['1:1: ras_timer has nobody to ask without ras_host']],
    ['ras_host without ras_timer', 'ras_host 192.0.2.1', ['1:1: ras_host does nothing without ras_timer']],
    [
      'everything but ras_timer',
      'ras_host 192.0.2.1\nras_domain domain1.com\nras_dial /bin/pon\nras_hangup /bin/poff',
      [
        '1:1: ras_host does nothing without ras_timer',
        '2:1: ras_domain does nothing without ras_timer',
        '3:1: ras_dial does nothing without ras_timer',
        '4:1: ras_hangup does nothing without ras_timer',
      ],
    ],
    ['ras_hangup without ras_dial', `${FULL}\nras_hangup /bin/poff`, ['3:1: ras_hangup does nothing without ras_dial']],
    [
      'a line that is open until the next round',
      'ras_timer 10\nras_host 192.0.2.1\nras_dial /bin/pon\nras_hangup /bin/poff',
      ['1:1: the line is still open when the next round is due, which is left out then'],
    ],
    ['a short ras_timer without a line to close', 'ras_timer 5\nras_host 192.0.2.1\nras_dial /bin/pon', []],
  ]
  for (const [what, conf, warnings] of warned) {
    it(`${what}: ${warnings.length === 0 ? 'nothing to complain of' : 'a warning'}`, async (t) => {
      assert.deepEqual(
        (await load(t, conf)).problems,
        warnings.map((warning) => `warning dmail.conf:${warning}`),
      )
    })
  }

  const oneWarning: readonly [conf: string, ras: boolean][] = [
    ['ras_timer every hour\nras_host 192.0.2.1', false],
    ['ras_timer 60\nras_host dial in with a modem', false],
    [`${FULL}\nras_dial |\nras_hangup /bin/poff`, true],
  ]
  for (const [conf, asks] of oneWarning) {
    it(`of another shape are complained of once: ${conf.replaceAll('\n', ', ')}`, async (t) => {
      const { problems, ras } = await load(t, conf)
      assert.equal(problems.length, 1, problems.join('\n'))
      assert.match(problems[0] ?? '', /^warning/)
      assert.equal(ras !== undefined, asks)
    })
  }
})
