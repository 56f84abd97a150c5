import { execFileSync } from 'node:child_process'
import { chownSync, mkdirSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { USERS } from './cases.js'

/** System accounts `u0`... and `f0`..., each f with a `.forward` to its u, homes below one directory. */
export interface Accounts {
  remove(): void
}

/** Creates the accounts; needs root. Throws when one of the names is taken. */
export function makeAccounts(homes: string): Accounts {
  const names = Array.from({ length: USERS }, (_, n) => [`u${n}`, `f${n}`]).flat()
  const taken = names.find(exists)
  if (taken !== undefined) throw new Error(`there is an account ${taken} on this machine already`)
  const made: string[] = []
  const remove = (): void => {
    for (const name of made.splice(0)) run('userdel', ['--force', name])
  }
  try {
    for (const name of names) {
      const home = path.join(homes, name)
      run('useradd', ['--no-create-home', '--home-dir', home, '--shell', '/usr/sbin/nologin', name])
      made.push(name)
      mkdirSync(home, { recursive: true })
      const [uid, gid] = ['-u', '-g'].map((option) => Number(run('id', [option, name])))
      if (name.startsWith('f'))
        writeFileSync(path.join(home, '.forward'), `${name.replace('f', 'u')}\n`, { mode: 0o644 })
      for (const file of name.startsWith('f') ? [home, path.join(home, '.forward')] : [home]) {
        chownSync(file, uid ?? 0, gid ?? 0)
      }
    }
    return { remove }
  } catch (error) {
    remove()
    throw error
  }
}

function exists(name: string): boolean {
  try {
    run('id', ['-u', name])
    return true
  } catch {
    return false
  }
}

function run(program: string, args: readonly string[]): string {
  return execFileSync(program, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim()
}
