import assert from 'node:assert/strict'
import path from 'node:path'
import { describe, it } from 'node:test'
import { checkReport } from '../../lib/conf/check.js'
import { loadConfiguration } from '../../lib/conf/load.js'
import { brief, complete, dirWith } from './helpers.js'

describe('loadConfiguration', () => {
  it('reads both files, the paths of one by the mapping of the other', async (t) => {
    const dir = dirWith(t, {
      'config/dmail.conf': complete('drop_path c:\\dmail\\in\n#include sub/more.conf'),
      'config/sub/more.conf': 'max_rcpts 5',
      'config/dmail.ini': '[paths]\nc:\\dmail = /var/dmail\n[routing]\nplus_address=+',
    })
    const { conf, ini, mapPath, problems, fatal, files } = await loadConfiguration(dir)
    assert.deepEqual(brief(problems), [])
    assert.deepEqual(fatal, [])
    assert.equal(conf.one('drop_path'), '/var/dmail/in')
    assert.deepEqual(conf.setting('max_rcpts')?.at, { file: 'sub/more.conf', line: 1, column: 1 })
    assert.equal(ini.routing.plusAddress, '+')
    assert.deepEqual(mapPath('x/y'), { ok: true, path: path.join(dir, 'x/y') })
    assert.deepEqual(
      files.map((file) => path.relative(dir, file)),
      ['config/dmail.ini', 'config/dmail.conf', 'config/sub/more.conf'],
    )
  })

  it('says that unix_user knows no passwords for forward_user', async (t) => {
    const rows: [lines: string, problems: string[]][] = [
      ['forward_user true\nauthent_method unix_user', ['warning']],
      ['forward_user true', ['warning']],
      ['forward_user false', []],
      ['forward_user true\nauthent_method external\nauthent_process /bin/users', []],
    ]
    for (const [lines, severities] of rows) {
      const { problems } = await loadConfiguration(dirWith(t, { 'config/dmail.conf': complete(lines) }))
      assert.deepEqual(
        problems.map(({ severity }) => severity),
        severities,
        lines,
      )
      for (const { message } of problems) assert.match(message, /forward_user has no effect: .*AUTH is not offered/)
    }
  })

  it('does without a dmail.ini, and still watches for one', async (t) => {
    const dir = dirWith(t, { 'config/dmail.conf': complete('') })
    const { problems, files } = await loadConfiguration(dir)
    assert.deepEqual(problems, [])
    assert.ok(files.includes(path.join(dir, 'config/dmail.ini')))
  })

  it('a dmail.ini that is a directory is an error, not fatal', async (t) => {
    const dir = dirWith(t, { 'config/dmail.conf': complete(''), 'config/dmail.ini/x': '' })
    const { problems, fatal, ini } = await loadConfiguration(dir)
    assert.deepEqual(brief(problems), [`error dmail.ini:1: "${dir}/config/dmail.ini" is a directory`])
    assert.deepEqual(fatal, [])
    assert.equal(ini.robot.max, 8)
  })

  it('a missing dmail.conf is the one fatal problem', async (t) => {
    const dir = dirWith(t, {})
    const { problems, fatal, files } = await loadConfiguration(dir)
    assert.deepEqual(brief(fatal), [`error dmail.conf:1: "${dir}/config/dmail.conf" does not exist`])
    assert.deepEqual(problems, fatal)
    assert.ok(files.includes(path.join(dir, 'config/dmail.conf')))
  })

  it('an empty dmail.conf misses the required settings, which is fatal (C7)', async (t) => {
    const dir = dirWith(t, { 'config/dmail.conf': '' })
    assert.deepEqual(brief((await loadConfiguration(dir)).fatal), [
      'error dmail.conf:1: host_domain is missing',
      'error dmail.conf:1: drop_path is missing',
      'error dmail.conf:1: sysadmin is missing',
    ])
  })

  it('an unmapped drive letter names the line to add to dmail.ini (C10)', async (t) => {
    const dir = dirWith(t, { 'config/dmail.conf': complete('alias_file c:\\dmail\\aliases') })
    const { problems } = await loadConfiguration(dir)
    assert.equal(brief(problems)[0], 'error dmail.conf:1:12: "c:\\dmail\\aliases" is a Windows path')
    assert.match(problems[0]?.hint ?? '', /c: = .*\[paths\] of dmail\.ini/)
  })
})

describe('checkReport', () => {
  it('is what dmail check --json prints', async (t) => {
    const dir = dirWith(t, { 'config/dmail.conf': complete('max_rcpts x\n  pop_port 110') })
    const extra = {
      severity: 'warning',
      at: { file: 'aliases', line: 3, column: 1 },
      message: 'given twice',
      hint: 'join them',
    } as const
    const report = checkReport(await loadConfiguration(dir), [extra])
    assert.deepEqual(report.errors, [
      {
        at: 'dmail.conf:1:11',
        message: '"x" is not a whole number of at least 1',
        hint: 'max_rcpts takes one number and nothing after it',
      },
    ])
    assert.deepEqual(
      report.warnings.map(({ at, message }) => [at, message]),
      [
        ['dmail.conf:2:3', 'pop_port is a setting of the POP server (DPOP)'],
        ['aliases:3:1', 'given twice'],
      ],
    )
    assert.deepEqual(report.settings.slice(0, 2), [
      {
        name: 'max_rcpts',
        value: 'x',
        at: 'dmail.conf:1',
        handled: 'suite',
        note: 'The most recipients one message may have.',
      },
      {
        name: 'pop_port',
        value: '110',
        at: 'dmail.conf:2',
        handled: 'unsupported',
        note: 'Belongs to a POP server: use Dovecot; set inet_listener pop3 there.',
      },
    ])
    assert.deepEqual(JSON.parse(JSON.stringify(report)), report)
  })
})
