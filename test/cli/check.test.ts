import assert from 'node:assert/strict'
import { mkdirSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { describe, it } from 'node:test'
import type { CheckReport } from '../../lib/conf/check.js'
import { people, withDirectory, type Site } from '../routing/support.js'
import { dmail } from './support.js'

const GOOD: Site = {
  conf: 'host_domain domain1.com\nforward sales@domain1.com bob@domain1.com\nsysadmin bob@domain1.com',
  people: people('bob'),
}
const WARNED: Site = { ...GOOD, conf: `${GOOD.conf ?? ''}\npop_port 110\nno_such_setting x` }
const BAD: Site = { ...GOOD, conf: `${GOOD.conf ?? ''}\nmax_retrytime   soon` }

async function checked(site: Site, ...args: string[]): Promise<{ exit: number; out: string; err: string }> {
  return withDirectory(site, (dir) => dmail(['check', '-c', dir, ...args]))
}

async function report(site: Site, ...args: string[]): Promise<CheckReport> {
  return JSON.parse((await checked(site, '--json', ...args)).out) as CheckReport
}

describe('dmail check', () => {
  it('ends with 0 where nothing is wrong', async () => {
    const { exit, out, err } = await checked(GOOD)
    assert.equal(exit, 0)
    assert.match(out, /settings, 0 errors, 0 warnings\n$/)
    assert.equal(err, '')
  })

  it('ends with 0 where there are warnings only', async () => {
    const { exit, out } = await checked(WARNED)
    assert.equal(exit, 0)
    assert.match(out, /0 errors, 2 warnings\n$/)
  })

  it('warns of the rules of MFilter in work_path', async () => {
    const warnings = await withDirectory({ ...GOOD, conf: `${GOOD.conf ?? ''}\nwork_path work` }, async (dir) => {
      const work = path.join(dir, 'work')
      const read = async () => (JSON.parse((await dmail(['check', '--json', '-c', dir])).out) as CheckReport).warnings
      mkdirSync(work)
      assert.deepEqual(await read(), [])
      writeFileSync(path.join(work, 'mfilter.rul'), '')
      return await read()
    })
    assert.equal(warnings.length, 1)
    assert.match(`${warnings[0]?.message ?? ''} ${warnings[0]?.hint ?? ''}`, /mfilter\.rul is not read.*rspamd.*karma/)
  })

  it('warns of an alias at another name of the main domain, which is never used', async () => {
    const conf = [
      'host_domain domain1.com',
      'host_domain second.example',
      'vdomain dom3 domain3.com in3',
      'alias_file_domain second.example config/own.txt',
      'alias_file config/all.txt',
      'sysadmin bob@domain1.com',
    ].join('\n')
    const files = {
      'config/own.txt': 'sales@second.example: bob\nsales: bob\n',
      'config/all.txt': 'info@domain3.com: bob@domain1.com\n*@second.example: bob\ninfo@domain1.com: bob\n',
    }
    const { warnings } = await report({ ...GOOD, conf, files })
    assert.deepEqual(
      warnings.map(({ at, message }) => `${at} ${message.split(':')[0] ?? ''}`),
      ['own.txt:1:1 "sales@second.example" is never used', 'all.txt:2:1 "*@second.example" is never used'],
    )
  })

  it('ends with 1 where there is an error, and says where', async () => {
    const { exit, out } = await checked(BAD)
    assert.equal(exit, 1)
    assert.match(out, /^error dmail\.conf:4:17 "soon" is not a whole number/m)
    assert.match(out, /1 errors, 0 warnings\n$/)
  })

  it('ends with 1 for a directory without a configuration', async () => {
    const { exit } = await dmail(['check', '-c', '/nonexistent'])
    assert.equal(exit, 1)
  })

  it('ends with 2 for an argument too many', async () => {
    assert.equal((await checked(GOOD, 'x')).exit, 2)
  })

  it('prints errors, warnings and settings as JSON', async () => {
    const { errors, warnings, settings } = await report({ ...BAD, conf: `${BAD.conf ?? ''}\npop_port 110` })
    assert.deepEqual(Object.keys(await report(GOOD)), ['errors', 'warnings', 'settings'])
    assert.deepEqual(
      errors.map(({ at }) => at),
      ['dmail.conf:4:17'],
    )
    assert.deepEqual(
      warnings.map(({ at }) => at),
      ['dmail.conf:5:1'],
    )
    for (const line of [...errors, ...warnings]) assert.deepEqual(Object.keys(line), ['at', 'message', 'hint'])
    const [first] = settings
    assert.deepEqual(first && { ...first, note: '' }, {
      name: 'host_domain',
      value: 'domain1.com',
      at: 'dmail.conf:1',
      handled: 'suite',
      note: '',
    })
    assert.equal(settings.find(({ name }) => name === 'pop_port')?.handled, 'unsupported')
  })

  it('tells of targets that nobody has (R22), unless it is not to ask', async () => {
    const site = { ...GOOD, conf: `${GOOD.conf ?? ''}\nforward info@domain1.com nobody@domain1.com` }
    const { warnings, errors } = await report(site)
    assert.deepEqual(
      warnings
        .map(({ at, message }) => `${at.replace(/:\d+$/, '')} ${message}`)
        .filter((line) => line.includes('nobody')).length,
      1,
    )
    assert.deepEqual(errors, [])
    assert.deepEqual((await report(site, '--no-lookups')).warnings, [])
  })
})
