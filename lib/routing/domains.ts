/** A domain whose mail is delivered here (manual: "declared as local with either a host_domain or vdomain line"). */
export interface LocalDomain {
  /** The domain that alias and user look-ups use: a second host_domain is folded to the first (R10). */
  readonly name: string
  /** Prefix of a vdomain; undefined for the main domain. */
  readonly prefix: string | undefined
  /** Directory of its drop files. */
  readonly dropPath: string
}

export interface NamingRules {
  readonly separator: string
  /** authent_domain: the directory is asked for `user@domain`. */
  readonly authentDomain: boolean
  /** drop_prefix: the vdomain prefix is part of the drop file name. */
  readonly dropPrefix: boolean
}

/** The name the user directory is asked for (semantics 4: `user`, `prefix_user` or `user@domain`). */
export function directoryName(local: string, domain: LocalDomain, rules: NamingRules): string {
  if (rules.authentDomain) return `${local}@${domain.name}`
  return domain.prefix === undefined ? local : `${domain.prefix}${rules.separator}${local}`
}

/**
 * The drop file's name for a user that the directory returned as `returned` when asked for `asked` (U4: the returned
 * name decides). Lower case unless the directory returned another name (R18). A vdomain's files carry its
 * prefix, so that its mail stays apart in a shared directory (drop_prefix).
 */
export function dropFileName(asked: string, returned: string, domain: LocalDomain, rules: NamingRules): string {
  const name = returned.toLowerCase() === asked.toLowerCase() ? returned.toLowerCase() : returned
  const suffix = `@${domain.name}`
  const user = name.toLowerCase().endsWith(suffix) ? name.slice(0, -suffix.length) : name
  if (domain.prefix === undefined) return user
  const prefix = `${domain.prefix}${rules.separator}`
  // With authent_domain the returned name never holds the prefix: a user may really be called `prefix_user`.
  const prefixed = !rules.authentDomain && user.toLowerCase().startsWith(prefix.toLowerCase())
  const bare = prefixed ? user.slice(prefix.length) : user
  return rules.dropPrefix ? `${prefix}${bare}` : bare
}
