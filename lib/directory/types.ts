/** What a user look-up found (semantics 5, decisions U1-U6). */
export interface UserRecord {
  /** The name in the reply; it, not the name asked, decides the drop file (U4). */
  readonly name: string
  /** A full drop file path from the reply, already checked (U5); undefined = the rules of dmail.conf. */
  readonly dropFile?: string
  /** Owner of the drop file (D5); undefined = the service account. */
  readonly owner?: { readonly uid: number; readonly gid: number }
  /** Home directory; only unix_user knows one. */
  readonly home?: string
  /** The other fields of the reply (`fwd`, `quota`, unknown ones kept), label in lower case. */
  readonly fields: ReadonlyMap<string, string>
}

export type LookupResult =
  | { readonly kind: 'found'; readonly user: UserRecord }
  | { readonly kind: 'unknown' }
  /** Time-out, -DEAD, crash (U1): a 451, never "unknown user". `detail` is for the log only. */
  | { readonly kind: 'unavailable'; readonly detail: string }

/** What became of a name and its password. An unknown user and a wrong password are one answer. */
export type CheckResult =
  | { readonly kind: 'right' }
  | { readonly kind: 'wrong' }
  /** As with a look-up (U1): nobody knows, and a client is told to come back. `detail` never shows the password. */
  | { readonly kind: 'unavailable'; readonly detail: string }

/** Who exists. Implementations: external module pool, unix_user. */
export interface UserDirectory {
  /** `name` is the key of semantics 4: `user`, `prefix_user` or `user@domain`; names are valid by U2 and U8. */
  lookup(name: string): Promise<LookupResult>
  /**
   * Is it that user's password? `ip` is the client's. Absent where no password can be checked (unix_user). Answers are never
   * kept or shared.
   */
  check?(name: string, password: string, ip: string): Promise<CheckResult>
  /** Forgets cached answers. */
  clear(): void
  /** Ends child processes and timers; pending look-ups answer `unavailable`. */
  close(): void
}
