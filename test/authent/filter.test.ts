import assert from 'node:assert/strict'
import test from 'node:test'
import { lookupFilter, searchFilter } from '../../authent/ldap-filter.js'
import { likePattern, sqlStatements } from '../../authent/sql-statements.js'

const ANY = '(&(objectClass=inetOrgPerson)(uid=%s))'

test('filters of look-ups: nothing in a name is syntax (RFC 4515)', async (t) => {
  const rows: [template: string, name: string, filter: string][] = [
    [ANY, 'bob', '(&(objectClass=inetOrgPerson)(uid=bob))'],
    [ANY, '*', '(&(objectClass=inetOrgPerson)(uid=\\2a))'],
    ['(uid=%s)', 'bob)(uid=*', '(uid=bob\\29\\28uid=\\2a)'],
    ['(uid=%s)', 'a\\b', '(uid=a\\5cb)'],
    ['(uid=%s)', 'a\0b', '(uid=a\\00b)'],
    ['(uid=%s)', 'jörg', '(uid=jörg)'],
    ['(|(mail=%s)(uid=%u))', 'bob@example.com', '(|(mail=bob@example.com)(uid=bob))'],
    ['(&(uid=%u)(ou=%d))', '*@(x)', '(&(uid=\\2a)(ou=\\28x\\29))'],
    ['(&(uid=%u)(ou=%d))', 'bob', '(&(uid=bob)(ou=))'],
    ['(uid=%s)', '%d@example.com', '(uid=%d@example.com)'],
    ['(uid=%%%s)', 'bob', '(uid=%bob)'],
    ['(uid=%s)', '$&', '(uid=$&)'],
  ]
  for (const [template, name, filter] of rows) {
    await t.test(`${template} of ${JSON.stringify(name)}`, () => {
      assert.equal(lookupFilter(template, name), filter)
    })
  }
})

test('search patterns', async (t) => {
  const rows: [pattern: string, filter: string, like: string][] = [
    ['bob', '(uid=*bob*)', '%bob%'],
    ['b*b', '(uid=b*b)', 'b%b'],
    ['b?b', '(uid=b*b)', 'b_b'],
    ['b**', '(uid=b*)', 'b%%'],
    ['50%_(x)\\', '(uid=*50%_\\28x\\29\\5c*)', '%50\\%\\_(x)\\\\%'],
  ]
  for (const [pattern, filter, like] of rows) {
    await t.test(pattern, () => {
      assert.equal(searchFilter('(uid=%s)', pattern), filter)
      assert.equal(likePattern(pattern), like)
    })
  }
})

test('statements: names are values, columns are quoted', () => {
  const statements = sqlStatements({
    table: 'mail.us"ers',
    username: 'user name',
    passwd: 'passwd',
    maildrop: '',
    fields: new Map([['fwd', 'forward"; DROP TABLE users --']]),
    caseSensitive: false,
  })
  const find = statements.find(`'; DROP TABLE users --`)
  assert.deepEqual(find.values, [`'; DROP TABLE users --`])
  assert.equal(
    find.text,
    `SELECT "user name"::text AS name, "passwd"::text AS passwd, "forward""; DROP TABLE users --"::text AS f0 FROM "mail"."us""ers" WHERE lower("user name") = lower($1::text) LIMIT 2`,
  )
  assert.deepEqual(statements.update('bob', new Map([['quota', '1']])), {
    text: `UPDATE "mail"."us""ers" SET "quota" = $2 WHERE lower("user name") = lower($1::text)`,
    values: ['bob', '1'],
  })
})
