import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { SettingInForce } from '../../lib/conf/in-force.js'
import { withDirectory, type Site } from '../routing/support.js'
import { resultOf, talk } from './fake-server.js'
import { dmail } from './support.js'

const MBOX: SettingInForce = {
  name: 'drop.mbox',
  file: 'dmail.ini',
  values: [{ text: 'mboxo', at: 'dmail.ini:4' }],
  default: 'mboxrd',
  handled: 'suite',
  note: 'How lines are quoted.',
}

describe('dmail config, of a running server', () => {
  const rows: [what: string, setting: SettingInForce, out: string][] = [
    ['a value', MBOX, 'drop.mbox mboxo  dmail.ini:4\n  How lines are quoted.\n'],
    ['a default', { ...MBOX, values: [] }, 'drop.mbox mboxrd  the default\n  How lines are quoted.\n'],
    [
      'an empty default',
      { ...MBOX, values: [], default: '' },
      'drop.mbox is empty  the default\n  How lines are quoted.\n',
    ],
    ['no value', withoutDefault(), 'drop.mbox is not set  and has no default\n  How lines are quoted.\n'],
    [
      'one that nothing is done with',
      { ...MBOX, handled: 'obsolete' },
      'drop.mbox mboxo  dmail.ini:4 obsolete\n  How lines are quoted.\n',
    ],
  ]
  for (const [what, setting, out] of rows) {
    it(`shows ${what}`, async () => {
      const ran = await talk(['config', 'drop.mbox'], resultOf('config', { settings: [setting] }))
      assert.deepEqual([ran.exit, ran.out, ran.err], [0, `${out}in force in the running server\n`, ''])
      assert.deepEqual(ran.requests, [{ command: 'config', args: { setting: 'drop.mbox' } }])
    })
  }

  it('shows all that are given a value, without what they are for', async () => {
    const { out, requests } = await talk(['config'], resultOf('config', { settings: [MBOX, MBOX] }))
    assert.equal(out, `${'drop.mbox mboxo  dmail.ini:4\n'.repeat(2)}in force in the running server\n`)
    assert.deepEqual(requests, [{ command: 'config', args: {} }])
  })

  it('prints JSON: of one, and of all', async () => {
    const script = resultOf('config', { settings: [MBOX] })
    assert.deepEqual(JSON.parse((await talk(['config', 'drop.mbox', '--json'], script)).out), MBOX)
    assert.deepEqual(JSON.parse((await talk(['config', '--json'], script)).out), [MBOX])
  })

  it('says what the server says of a setting that there is not: exit 1', async () => {
    const ran = await talk(['config', 'x'], () => [{ error: { message: 'there is no setting x', hint: 'look' } }])
    assert.deepEqual([ran.exit, ran.err], [1, 'dmail: there is no setting x\n       look\n'])
  })
})

describe('dmail config, without a server', () => {
  const site: Site = { conf: 'max_rcpts 60', people: {} }
  const run = (...args: readonly string[]) => withDirectory(site, (dir) => dmail(['config', '-c', dir, ...args]))

  it('shows what the files say, and that no server did', async () => {
    const { exit, out } = await run('max_rcpts')
    assert.equal(exit, 0)
    assert.match(out, /^max_rcpts 60 {2}dmail\.conf:\d+\n {2}.+\nas the files are now; no server runs here\n$/)
  })

  it('shows every setting that is given a value', async () => {
    assert.match((await run()).out, /^max_rcpts 60 {2}dmail\.conf:\d+$/m)
  })

  it('says that there is no setting of a name: exit 1', async () => {
    const { exit, err } = await run('max_rcpt')
    assert.equal(exit, 1)
    assert.match(err, /^dmail: there is no setting max_rcpt\n/)
  })
})

function withoutDefault(): SettingInForce {
  return { name: MBOX.name, file: MBOX.file, values: [], handled: MBOX.handled, note: MBOX.note }
}
