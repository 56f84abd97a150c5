import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import path from 'node:path'
import { describe, it } from 'node:test'
import { readConfig } from '../../authent/config.js'
import { readLdapSettings } from '../../authent/ldap-settings.js'
import { readSqlSettings } from '../../authent/sql-settings.js'
import { EXPECTATIONS } from '../authent/expectations.js'
import { SQLAUTH_TABLE } from '../authent/modules.js'
import { tempDir } from '../support/cleanup.js'
import { allPages, blocksOf } from './pages.js'

const page = allPages().find(({ name }) => name === 'docs/users.md')
assert.ok(page !== undefined)
const { text } = page
const blocks = blocksOf(page)

describe('docs/users.md', () => {
  for (const [name, read] of [
    ['users-sql', readSqlSettings],
    ['users-ldap', readLdapSettings],
  ] as const) {
    it(`has a configuration that the module takes: ${name}.ini`, () => {
      const dir = tempDir('docs')
      const example = blocks.find(({ info }) => info === `file=${name}.ini`)
      writeFileSync(path.join(dir, `${name}.ini`), example?.content ?? '')
      writeFileSync(path.join(dir, `${name}.password`), 'secret\n')
      read(readConfig(path.join(dir, `${name}.ini`)))
    })
  }

  it('has the table that the tests use', () => {
    const sql = blocks.find(({ language }) => language === 'sql')?.content ?? ''
    assert.ok(sql.replace(/\s+/g, ' ').startsWith(SQLAUTH_TABLE.replace(/\s+/g, ' ')), sql)
  })

  it('names all that the kit expects', () => {
    assert.deepEqual(
      EXPECTATIONS.map(({ title }) => title).filter((title) => !text.includes(`\n- ${title}\n`)),
      [],
    )
  })
})
