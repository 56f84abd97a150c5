import { createHash } from 'node:crypto'
import { foldLocal } from '../lib/address.js'
import { hashedPath, isDropName } from '../lib/delivery/drop-path.js'
import { formatFields, parseFields } from '../lib/directory/fields.js'
import { checkPassword } from './password.js'
import { hashPassword } from './scrypt.js'
import { Refused, Unable, type User, type UserChange, type UserSource } from './source.js'
import { userFiles, type UsersRead } from './users-reader.js'
import { findUser, searchUsers, type FileUser, type UsersTable } from './users-table.js'
import { putUser, removeUser, withLock } from './users-writer.js'

export interface FileSourceOptions {
  /** As `usersFile` gives it. */
  readonly read: () => UsersRead
  /** What is written to, as `-path` names it; undefined: nothing is. */
  readonly writable?: string | undefined
  /** Where every drop file lies; without it the rules of dmail.conf say. */
  readonly dropDirectory?: string | undefined
}

/** Never matches, costs no time. */
const NOBODY = ''

/** Users of NWAuth's text files. While these cannot be read there are no answers: that is not the same as no users. */
export function fileSource({ read, writable, dropDirectory }: FileSourceOptions): UserSource {
  function table(): UsersTable {
    const result = read()
    if (!result.ok) throw new Unable(`the user file cannot be read: ${result.detail}`)
    return result.table
  }

  function asUser({ name, info }: FileUser): User {
    const user = { name, fields: parseFields(info) }
    if (dropDirectory === undefined) return user
    if (!isDropName(name)) throw new Unable('the name of this user cannot be that of a drop file')
    return { ...user, dropFile: hashedPath(dropDirectory, name, 0) }
  }

  return {
    title: 'file',
    // Files are read at once, and in the order of the commands.
    width: 1,
    lookup(name) {
      return settled(() => {
        const user = findUser(table(), name)
        return user === undefined ? undefined : asUser(user)
      })
    },
    async check(name, password) {
      const users = table()
      const user = findUser(users, name)
      const twin = twinOf(users, name)
      const verdict = await checkPassword((user ?? twin)?.password ?? NOBODY, password)
      if (user === undefined) return undefined
      if (verdict === 'unsupported') throw new Unable('the stored password is of a kind this module cannot check')
      return verdict === 'right' ? asUser(user) : undefined
    },
    search(pattern, { from, max }) {
      return settled(() =>
        searchUsers(table(), pattern, max, from).map(({ name, info }) => ({ name, fields: parseFields(info) })),
      )
    },
    set: writable === undefined ? undefined : (name, change, mode) => setUser(writable, read, name, change, mode),
    remove: writable === undefined ? undefined : (name) => deleteUser(writable, read, name),
    close: () => Promise.resolve(),
  }
}

async function setUser(
  writable: string,
  read: () => UsersRead,
  name: string,
  change: UserChange,
  mode: 'add' | 'change' | 'either',
): Promise<'added' | 'changed'> {
  if (/^#|:/.test(name)) throw new Refused('a name in a user file has no colon and does not begin with #')
  // Before the lock is taken: it takes a while.
  const password = change.password === undefined ? undefined : await hashPassword(change.password)
  const files = userFiles(writable)
  return withLock(files, () => {
    const before = currentUser(read, name, { mayBeMissing: true })
    if (mode === 'add' && before !== undefined) throw new Refused('there is such a user already')
    if (mode === 'change' && before === undefined) throw new Refused('no such user')
    if (before === undefined && password === undefined) throw new Refused('a new user needs a password')
    putUser(files, {
      name: foldLocal(name),
      password: password ?? before?.password ?? NOBODY,
      info: change.fields === undefined ? (before?.info ?? '') : formatFields(change.fields),
    })
    return before === undefined ? 'added' : 'changed'
  })
}

function deleteUser(writable: string, read: () => UsersRead, name: string): Promise<boolean> {
  const files = userFiles(writable)
  return withLock(files, () => {
    const user = currentUser(read, name, { mayBeMissing: false })
    if (user !== undefined) removeUser(files, user.name)
    return user !== undefined
  })
}

/** Under the lock: what is true now. Where there is no file yet, the first user makes it. */
function currentUser(
  read: () => UsersRead,
  name: string,
  { mayBeMissing }: { readonly mayBeMissing: boolean },
): FileUser | undefined {
  const result = read()
  if (result.ok) return findUser(result.table, name)
  if (mayBeMissing && result.detail === 'ENOENT') return undefined
  throw new Unable(`the user file cannot be read: ${result.detail}`)
}

/**
 * Some user that belongs to the name, always the same one: the password of an unknown user is held against that of a known one,
 * so that it takes as long, whichever forms of passwords the file has.
 */
function twinOf(table: UsersTable, name: string): FileUser | undefined {
  let users = listed.get(table.users)
  if (users === undefined) {
    users = [...table.users.values()]
    listed.set(table.users, users)
  }
  return users[createHash('sha256').update(name).digest().readUInt32BE() % Math.max(1, users.length)]
}

const listed = new WeakMap<UsersTable['users'], readonly FileUser[]>()

/** Runs at once; what is thrown is a rejection. */
function settled<T>(run: () => T): Promise<T> {
  return new Promise((resolve) => {
    resolve(run())
  })
}
