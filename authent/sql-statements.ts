import { escapeIdentifier } from 'pg'

/** Which columns of which table hold what. */
export interface SqlSchema {
  /** `users` or `mail.users`. */
  readonly table: string
  readonly username: string
  readonly passwd: string
  /** '' for none: dmail.conf decides every drop file. */
  readonly maildrop: string
  /** Field label -> column. */
  readonly fields: ReadonlyMap<string, string>
  /** Names are equal only with equal case. */
  readonly caseSensitive: boolean
}

/** A statement with the values of its `$n`. */
export interface Statement {
  readonly text: string
  readonly values: readonly (string | number)[]
}

/** Columns of the rows of `find` and `search`: name, passwd, maildrop, and f0, f1 ... in the order of the fields. */
export interface SqlStatements {
  /** Two rows at most: one too many shows that a name is there twice. */
  find(name: string): Statement
  search(like: string, from: number, max: number): Statement
  insert(name: string, columns: ReadonlyMap<string, string>): Statement
  update(name: string, columns: ReadonlyMap<string, string>): Statement
  remove(name: string): Statement
}

/** The SQL of a schema. What comes from outside is always a value, never text of a statement. */
export function sqlStatements(schema: SqlSchema): SqlStatements {
  const table = schema.table.split('.').map(escapeIdentifier).join('.')
  const name = escapeIdentifier(schema.username)
  const column = (written: string, as: string): string => `${escapeIdentifier(written)}::text AS ${as}`
  const selected = [
    column(schema.username, 'name'),
    column(schema.passwd, 'passwd'),
    ...(schema.maildrop === '' ? [] : [column(schema.maildrop, 'maildrop')]),
    ...[...schema.fields.values()].map((field, n) => column(field, `f${n}`)),
  ].join(', ')
  const folded = (text: string): string => (schema.caseSensitive ? text : `lower(${text})`)
  const isNamed = (n: number): string => `${folded(name)} = ${folded(`$${n}::text`)}`

  return {
    find: (asked) => ({ text: `SELECT ${selected} FROM ${table} WHERE ${isNamed(1)} LIMIT 2`, values: [asked] }),
    search: (like, from, max) => ({
      text: `SELECT ${selected} FROM ${table} WHERE ${folded(name)} LIKE ${folded('$1::text')} ESCAPE '\\' ORDER BY ${name} OFFSET $2 LIMIT $3`,
      values: [like, from, max],
    }),
    insert(added, columns) {
      const names = [name, ...[...columns.keys()].map(escapeIdentifier)]
      const places = names.map((_, n) => `$${n + 1}`)
      return {
        text: `INSERT INTO ${table} (${names.join(', ')}) VALUES (${places.join(', ')})`,
        values: [added, ...columns.values()],
      }
    },
    update(changed, columns) {
      const sets = [...columns.keys()].map((each, n) => `${escapeIdentifier(each)} = $${n + 2}`)
      return {
        text: `UPDATE ${table} SET ${sets.join(', ')} WHERE ${isNamed(1)}`,
        values: [changed, ...columns.values()],
      }
    },
    remove: (gone) => ({ text: `DELETE FROM ${table} WHERE ${isNamed(1)}`, values: [gone] }),
  }
}

/** A search pattern as LIKE has it: `*` and `?` are wildcards, text without them may stand anywhere. */
export function likePattern(pattern: string): string {
  const escaped = pattern.replace(/[\\%_]/g, '\\$&')
  return /[*?]/.test(pattern) ? escaped.replaceAll('*', '%').replaceAll('?', '_') : `%${escaped}%`
}
