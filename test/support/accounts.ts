import { execFileSync } from 'node:child_process'
import { chownSync, mkdirSync } from 'node:fs'
import path from 'node:path'
import { atExit } from './cleanup.js'

/** An account of this system. */
export interface Account {
  readonly name: string
  readonly uid: number
  readonly gid: number
  /** An empty directory of its own. */
  readonly home: string
}

/**
 * Makes accounts that nobody can log in to, with homes below `homes`. They are gone when this process ends; what lies in
 * their homes is the caller's. Needs root. Throws before it makes any when one of the names is an account or group
 * already: that one would be removed with them.
 */
export function addAccounts(names: readonly string[], homes: string): Account[] {
  const known = names.filter((name) => entryOf('passwd', name) !== undefined || entryOf('group', name) !== undefined)
  if (known.length > 0) throw new Error(`this system has accounts or groups of these names: ${known.join(', ')}`)
  return names.map((name) => addAccount(name, path.join(homes, name)))
}

function addAccount(name: string, home: string): Account {
  // First of all: a signal may come while useradd is at work.
  atExit(() => {
    // By force, since userdel minds processes of the account that have just been killed.
    if (entryOf('passwd', name) !== undefined) execFileSync('userdel', ['--force', name], { stdio: 'pipe' })
  })
  const options = ['--no-create-home', '--home-dir', home, '--shell', '/usr/sbin/nologin', '--no-user-group']
  execFileSync('useradd', [...options, name], { stdio: 'pipe' })
  const [, , uid, gid] = entryOf('passwd', name) ?? []
  if (uid === undefined || gid === undefined) throw new Error(`useradd made no account ${name}`)
  mkdirSync(home, { recursive: true })
  chownSync(home, Number(uid), Number(gid))
  return { name, uid: Number(uid), gid: Number(gid), home }
}

/** The number of a group; undefined when there is none of that name. */
export function groupId(name: string): number | undefined {
  const id = entryOf('group', name)?.[2]
  return id === undefined ? undefined : Number(id)
}

function entryOf(database: 'passwd' | 'group', name: string): string[] | undefined {
  try {
    return execFileSync('getent', [database, name], { encoding: 'utf8', stdio: 'pipe' }).trim().split(':')
  } catch (error) {
    // getent(1): 2 is "not found".
    if (error instanceof Error && 'status' in error && error.status === 2) return undefined
    throw error
  }
}
