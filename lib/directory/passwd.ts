import path from 'node:path'

/** An account as in passwd(5); `home` only when it is an absolute path. */
export interface Account {
  readonly name: string
  readonly uid: number
  readonly gid: number
  readonly home?: string
}

/** Reads `name:password:uid:gid:gecos:home:shell`; undefined for anything else. */
export function parseAccount(line: string): Account | undefined {
  const parts = line.split(':')
  const [name, , uid, gid, , home = ''] = parts
  if (parts.length < 6 || !isName(name) || !isId(uid) || !isId(gid)) return undefined
  const account = { name, uid: Number(uid), gid: Number(gid) }
  return path.isAbsolute(home) ? { ...account, home: path.normalize(home) } : account
}

/** The number of a group in a `name:password:gid:members` line. */
export function parseGroupId(line: string): number | undefined {
  const [name, , gid] = line.split(':')
  return isName(name) && isId(gid) ? Number(gid) : undefined
}

function isName(text: string | undefined): text is string {
  return text !== undefined && text !== ''
}

function isId(text: string | undefined): text is string {
  return text !== undefined && /^\d{1,10}$/.test(text)
}
