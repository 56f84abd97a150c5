/** What became of a command of DMail's tellsmtp: a command of ours, or why there is none. */
type Legacy = { readonly is: (args: readonly string[]) => readonly string[] } | { readonly not: string }

const CHANNELS = 'Haraka has no list of connections: "dmail log" shows what they do, "dmail status" the queue'

/** The names of tellsmtp (semantics 10). */
const LEGACY: Readonly<Record<string, Legacy>> = {
  clear_cache_all: { is: () => ['clear-cache'] },
  config: { is: (args) => ['config', ...args] },
  filters: { not: 'mail is filtered by plugins of Haraka, such as rspamd and karma' },
  help: { is: () => ['--help'] },
  log_level: { is: (args) => ['log-level', ...args] },
  monitors: { not: 'nobody is sent the log: whoever wants it follows it with "dmail log"' },
  profile: { not: 'statistics are on the HTTP page and at /dmail/metrics (docs/admin.md)' },
  quiet: { not: 'Haraka writes what its log level says: "dmail log-level"' },
  reload: { is: () => ['reload'] },
  register: { not: 'there is nothing to register' },
  resume: { is: (args) => ['resume', ...(args.length === 0 ? ['*'] : args)] },
  sendlog: { is: (args) => ['log', ...args] },
  showchans: { not: CHANNELS },
  showsend: { is: (args) => ['queue', 'list', ...args] },
  shutdown: { not: 'Haraka is stopped by whatever started it, such as "systemctl stop haraka", or with SIGINT' },
  status: { is: () => ['status'] },
  suspend: { is: (args) => ['suspend', ...(args.length === 0 ? ['*'] : args)] },
  version: { is: () => ['--version'] },
}

export const LEGACY_NAMES: readonly string[] = Object.keys(LEGACY)

/** The words of ours for those of tellsmtp; an error is a sentence for the operator. */
export function fromLegacy(
  name: string,
  args: readonly string[],
): { readonly args: readonly string[] } | { readonly error: string } {
  const legacy = Object.hasOwn(LEGACY, name.toLowerCase()) ? LEGACY[name.toLowerCase()] : undefined
  if (legacy === undefined) {
    if (name.endsWith('.msc')) return { error: `script files are not read: put the dmail commands into a shell script` }
    return { error: `tellsmtp has no command ${name}: it has ${LEGACY_NAMES.join(', ')}` }
  }
  return 'not' in legacy ? { error: `tellsmtp ${name} is no more: ${legacy.not}` } : { args: legacy.is(args) }
}
