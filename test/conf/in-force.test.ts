import assert from 'node:assert/strict'
import { mkdirSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { describe, it } from 'node:test'
import { settingInForce, settingsInForce } from '../../lib/conf/in-force.js'
import { loadConfiguration, type Configuration } from '../../lib/conf/load.js'
import { tempDir } from '../support/cleanup.js'

const CONF = `host_domain domain1.com
max_rcpts 50
MAX_RCPTS 60
max_retrytime many
forward a@domain1.com b@domain1.com
forward c@domain1.com d@domain1.com
pop_port 110
`

const INI = `[paths]
c:\\dmail = /var/dmail
[drop]
mbox = mboxo ; as ever
lock_wait = 5s
lock_wait = long
[etrn]
rate=
`

async function configuration(): Promise<Configuration> {
  const dir = tempDir('in-force')
  mkdirSync(path.join(dir, 'config'))
  writeFileSync(path.join(dir, 'config/dmail.conf'), CONF)
  writeFileSync(path.join(dir, 'config/dmail.ini'), INI)
  return await loadConfiguration(dir)
}

describe('what is in force of a setting', () => {
  const rows: [what: string, asked: string, values: readonly string[]][] = [
    ['is its last line', 'max_rcpts', ['60 dmail.conf:3']],
    ['whatever the case it is asked in', 'Max_Rcpts', ['60 dmail.conf:3']],
    ['is not a line with an error', 'max_retrytime', []],
    [
      'is every line where every line counts',
      'forward',
      ['a@domain1.com b@domain1.com dmail.conf:5', 'c@domain1.com d@domain1.com dmail.conf:6'],
    ],
    ['is nothing where there is no line', 'gateway', []],
    ['is what is written of one that is not ours', 'pop_port', ['110 dmail.conf:7']],
    ['is the key of a section', 'drop.mbox', ['mboxo dmail.ini:4']],
    ['which may be written as in the file', '[drop] mbox', ['mboxo dmail.ini:4']],
    ['is the last line of a key that is good', 'drop.lock_wait', ['5s dmail.ini:5']],
    ['is every line of [paths]', 'paths', ['c:\\dmail = /var/dmail dmail.ini:2']],
  ]
  for (const [what, asked, values] of rows) {
    it(`${what}: ${asked}`, async () => {
      const found = settingInForce(await configuration(), asked)
      assert.deepEqual(
        found?.values.map(({ text, at }) => `${text} ${at}`),
        values,
      )
    })
  }

  for (const asked of ['max_rcpt', 'drop.boxes', 'box.mbox', '', '.', '__proto__']) {
    it(`is not there for "${asked}"`, async () => {
      assert.equal(settingInForce(await configuration(), asked), undefined)
    })
  }

  it('comes with the default where that is in force', async () => {
    const { default: usual, handled } = settingInForce(await configuration(), 'max_retrytime') ?? {}
    assert.deepEqual([usual, handled], ['72', 'suite'])
  })
})

it('the settings in force are those of the files, each once', async () => {
  const names = settingsInForce(await configuration()).map(({ name }) => name)
  assert.deepEqual(names, [
    'host_domain',
    'max_rcpts',
    'max_retrytime',
    'forward',
    'pop_port',
    'paths',
    'drop.mbox',
    'drop.lock_wait',
  ])
})
