import { DatabaseError, Pool } from 'pg'
import { foldLocal } from '../lib/address.js'
import { errorCode } from '../lib/error.js'
import { checkPassword } from './password.js'
import { hashPassword, NOBODY } from './scrypt.js'
import { Refused, Unable, type User, type UserChange, type UserSource } from './source.js'
import type { SqlSettings } from './sql-settings.js'
import { likePattern, sqlStatements, type Statement } from './sql-statements.js'

type Row = Readonly<Record<string, string | null>>

/** SQLSTATE classes of what will be refused again: bad data, broken constraints. */
const REFUSED = /^2[23]/
const UNIQUE_VIOLATION = '23505'

/** Users in a table of PostgreSQL. While the data base is away every answer is Unable; it is asked again each time. */
export function sqlSource(settings: SqlSettings, complain: (error: Error) => void): UserSource {
  const { schema } = settings
  const statements = sqlStatements(schema)
  const pool = new Pool(settings.pool)
  // The server closed a connection that nobody was using; without a listener that would end the process.
  pool.on('error', complain)
  /** What an unknown user's password is held against: it takes as long as that of the user before. */
  let lastStored = NOBODY

  /** The form in which a name is asked for and answered. */
  const key = (name: string): string => (schema.caseSensitive ? name.normalize('NFC') : foldLocal(name))

  async function ask({ text, values }: Statement): Promise<{ rows: readonly Row[]; count: number }> {
    try {
      const { rows, rowCount } = await pool.query<Record<string, string | null>>(text, [...values])
      return { rows, count: rowCount ?? 0 }
    } catch (error) {
      if (error instanceof DatabaseError && error.code === UNIQUE_VIOLATION) throw new TakenMeanwhile()
      if (error instanceof DatabaseError && REFUSED.test(error.code ?? '')) {
        throw new Refused(`the data base refuses it: SQLSTATE ${error.code ?? ''}`)
      }
      throw new Unable('the data base cannot be asked just now', { cause: firstOf(error) })
    }
  }

  async function find(name: string): Promise<Row | undefined> {
    const { rows } = await ask(statements.find(key(name)))
    if (rows.length > 1) throw new Unable('more than one user has this name')
    return rows[0]
  }

  function asUser(row: Row): User {
    const fields = [...schema.fields.keys()].map((label, n): [string, string] => [label, row[`f${n}`] ?? ''])
    const dropFile = row['maildrop']?.trim() ?? ''
    return {
      name: key(row['name'] ?? ''),
      fields: new Map(fields.filter(([, value]) => value !== '')),
      ...(dropFile === '' ? {} : { dropFile }),
    }
  }

  function columnsOf({ fields }: UserChange, passwd: string | undefined): ReadonlyMap<string, string> {
    const columns = new Map<string, string>()
    if (passwd !== undefined) columns.set(schema.passwd, passwd)
    for (const [label, value] of fields ?? []) {
      const column = schema.fields.get(label)
      if (column === undefined) throw new Refused(`no column is kept for the field "${label}"`)
      columns.set(column, value)
    }
    return columns
  }

  async function set(
    name: string,
    change: UserChange,
    mode: 'add' | 'change' | 'either',
  ): Promise<'added' | 'changed'> {
    const stored = change.password === undefined ? undefined : await storedForm(change.password)
    const columns = columnsOf(change, stored)
    if (columns.size === 0) throw new Refused('nothing to change')
    for (;;) {
      if (mode !== 'add' && (await ask(statements.update(key(name), columns))).count > 0) return 'changed'
      if (mode === 'change') throw new Refused('no such user')
      if (stored === undefined) throw new Refused('a new user needs a password')
      try {
        await ask(statements.insert(key(name), columns))
        return 'added'
      } catch (error) {
        // Somebody else was quicker: then it is a change.
        if (!(error instanceof TakenMeanwhile)) throw error
        if (mode === 'add') throw new Refused('there is such a user already')
        mode = 'change'
      }
    }
  }

  function storedForm(password: string): Promise<string> {
    return settings.clearPasswords ? Promise.resolve(password) : hashPassword(password)
  }

  return {
    title: 'sql',
    width: settings.pool.max,
    async lookup(name) {
      const row = await find(name)
      return row === undefined ? undefined : asUser(row)
    },
    async check(name, password) {
      const row = await find(name)
      const written = row?.['passwd'] ?? ''
      const stored = settings.clearPasswords && written !== '' ? `*${written}` : written
      if (stored !== '') lastStored = stored
      const verdict = await checkPassword(lastStored, password)
      if (row === undefined || stored === '') return undefined
      if (verdict === 'unsupported') throw new Unable('the stored password is of a kind this module cannot check')
      return verdict === 'right' ? asUser(row) : undefined
    },
    async search(pattern, { from, max }) {
      const { rows } = await ask(statements.search(likePattern(pattern), from, max))
      return rows.map(asUser)
    },
    set: settings.readonly ? undefined : set,
    remove: settings.readonly ? undefined : async (name) => (await ask(statements.remove(key(name)))).count > 0,
    close: () => pool.end(),
  }
}

class TakenMeanwhile extends Error {}

/** Where several addresses were tried, the whole has no text of its own. */
function firstOf(error: unknown): unknown {
  const first: unknown = error instanceof AggregateError ? error.errors[0] : error
  return first instanceof Error && first.message === '' ? new Error(errorCode(first) ?? 'no connection') : first
}
