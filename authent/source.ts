/** One user as a module knows it, whatever it keeps its users in. */
export interface User {
  /** It, not the name asked for, decides the drop file (U4). */
  readonly name: string
  /** Labels and values of the info part; undefined where it is damaged, which is not the same as empty. */
  readonly fields: ReadonlyMap<string, string> | undefined
  /** Full path of the drop file; without one the rules of dmail.conf say where. */
  readonly dropFile?: string | undefined
}

export interface SearchRange {
  /** How many matches to pass over. */
  readonly from: number
  readonly max: number
}

/** What `set` and `add` change; what is undefined stays as it is. */
export interface UserChange {
  /** In clear: the source hashes it. */
  readonly password?: string | undefined
  readonly fields?: ReadonlyMap<string, string> | undefined
}

/**
 * Where a module has its users from. Every function may throw: `Refused` for what can never be done, which is `-ERR`;
 * anything else means "not now" and becomes `-DEAD`, so that mail waits.
 */
export interface UserSource {
  /** For `version`: `file`, `sql`, `ldap`. */
  readonly title: string
  /** How many commands may be under way at once. */
  readonly width: number
  lookup(name: string): Promise<User | undefined>
  /** The user if the password is right. An unknown user takes as long as a wrong password. */
  check(name: string, password: string): Promise<User | undefined>
  /** Matches of `*` and `?`, or of a text anywhere in the name. */
  search(pattern: string, range: SearchRange): Promise<readonly User[]>
  /** Undefined: this source is not for writing. `mode` add refuses a user who exists, change one who does not. */
  readonly set?:
    ((name: string, change: UserChange, mode: 'add' | 'change' | 'either') => Promise<'added' | 'changed'>) | undefined
  /** False when there is no such user. */
  readonly remove?: ((name: string) => Promise<boolean>) | undefined
  close(): Promise<void>
}

/** The command cannot be done, now or later; the text is for whoever asked. */
export class Refused extends Error {}

/** The module cannot tell just now; the text is for whoever asked, the cause for the module's log. */
export class Unable extends Error {}
