/** The account a program runs as. */
export interface Account {
  readonly uid: number
  readonly gid: number
  readonly home: string
}

/** A server that is root runs no program of an operator without an account for it (D8). */
export function lacksAccount(account: Account | undefined): boolean {
  return account === undefined && process.getuid?.() === 0
}

/** Whom a new process has to become: nobody where it would be this process's own account. */
export function becoming(account: Account | undefined): { uid?: number; gid?: number } {
  return account === undefined || isOurs(account) ? {} : { uid: account.uid, gid: account.gid }
}

/** Nothing to become: not even root's supplementary groups would go, and others may not set theirs. */
function isOurs({ uid, gid }: Account): boolean {
  return process.getuid?.() !== 0 && uid === process.getuid?.() && gid === process.getgid?.()
}

/** The whole environment of a program that is told nothing: PATH and LANG of the server, HOME of the account it runs as (D8). */
export function plainEnvironment(
  home: string | undefined,
  own: Readonly<Record<string, string | undefined>> = process.env,
): Record<string, string> {
  return { PATH: own.PATH ?? '/usr/bin:/bin', HOME: home ?? own.HOME ?? '/', LANG: own.LANG ?? 'C' }
}
