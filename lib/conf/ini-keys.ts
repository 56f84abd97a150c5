import type { Rate } from './forms.js'
import type { PatternList } from './value.js'

/** The typed value of each kind of key in dmail.ini. */
export interface IniValueByKind {
  bool: boolean
  count: number
  /** Milliseconds. */
  duration: number
  /** Bytes. */
  size: number
  rate: Rate
  ips: PatternList
  text: string
  /** Names of a comma list. */
  list: readonly string[]
  /** Full paths of a comma list (C10). */
  paths: readonly string[]
  mbox: 'mboxrd' | 'mboxo'
  'exit-status': 'sysexits' | 'ignore'
  'hash-method': 0 | 1 | 2
}

export type IniKind = keyof IniValueByKind

/** The declaration of one key. */
export interface IniKey {
  readonly section: string
  readonly key: string
  readonly kind: IniKind
  /** As it would be written in the file. */
  readonly default: string
  /** The smallest number, count or duration (in milliseconds) that makes sense. */
  readonly min?: number
  /** A limit that `off` turns off: its value is then Infinity. Only for limits that are compared, never for timers. */
  readonly off?: true
  /** A value that is honoured and complained about at every load. */
  readonly warns?: { readonly value: boolean; readonly message: string; readonly hint: string }
  readonly note: string
}

/** Every key of dmail.ini but those of [paths], whose keys are the prefixes of C10. */
export const INI_KEYS = [
  {
    section: 'main',
    key: 'reload_check',
    kind: 'duration',
    default: '2s',
    min: 1000,
    note: 'How often the configuration and the files it names are looked at for changes.',
  },
  {
    section: 'main',
    key: 'page_from',
    kind: 'ips',
    default: '127.0.0.0/8,::1',
    note: 'Clients that may open the HTTP page and the metrics, which ask for a token besides; empty for none.',
  },

  {
    section: 'routing',
    key: 'rematch_forwards',
    kind: 'bool',
    default: 'true',
    note: "Whether a forward's result is matched against the forward rules again.",
  },
  {
    section: 'routing',
    key: 'plus_address',
    kind: 'text',
    default: '',
    note: 'Characters that begin a sub-address, as in user+tag; empty for none.',
  },

  {
    section: 'relay',
    key: 'legacy_open',
    kind: 'bool',
    default: 'false',
    warns: {
      value: true,
      message: 'without a relay rule this server relays for everybody',
      hint: 'remove legacy_open and name who may relay with forward_from_ip or relay_to',
    },
    note: "DMail's open relay where no relay rule is given.",
  },

  {
    section: 'drop',
    key: 'mbox',
    kind: 'mbox',
    default: 'mboxrd',
    note: 'How lines that look like From lines are quoted.',
  },
  {
    section: 'drop',
    key: 'fcntl',
    kind: 'bool',
    default: 'false',
    warns: {
      value: true,
      message: 'there are no fcntl locks: Node.js has no such call',
      hint: 'let the other programs use dot-locks as well, in Dovecot mbox_write_locks = dotlock',
    },
    note: 'A lock by fcntl beside the dot-lock is not possible; true gives a warning.',
  },
  {
    section: 'drop',
    key: 'fsync',
    kind: 'bool',
    default: 'true',
    warns: {
      value: false,
      message: 'mail is acknowledged before it is on the disk and can be lost',
      hint: 'fsync=false is for tests only',
    },
    note: 'Whether mail is on the disk before it is acknowledged.',
  },
  {
    section: 'drop',
    key: 'new_hash',
    kind: 'hash-method',
    default: '0',
    note: 'Where "hash_spool scan" puts new drop files: 0, 1 or 2 letters deep.',
  },
  {
    section: 'drop',
    key: 'roots',
    kind: 'paths',
    default: '',
    note: 'Further directories that a user module may name drop files in.',
  },
  { section: 'drop', key: 'lock_wait', kind: 'duration', default: '30s', note: 'How long to wait for a lock.' },
  {
    section: 'drop',
    key: 'lock_stale',
    kind: 'duration',
    default: '5m',
    min: 1000,
    off: true,
    note: 'Age at which a lock counts as left behind.',
  },

  {
    section: 'robot',
    key: 'user',
    kind: 'text',
    default: '',
    note: 'The account robots run as; needed when Haraka is root.',
  },
  {
    section: 'robot',
    key: 'path',
    kind: 'paths',
    default: '',
    note: 'Where bare program names are looked for after dsmtp_path.',
  },
  {
    section: 'robot',
    key: 'user_roots',
    kind: 'paths',
    default: '',
    note: "Directories of the programs that users' forward files may name.",
  },
  { section: 'robot', key: 'max', kind: 'count', default: '8', min: 1, off: true, note: 'Robots at once.' },
  {
    section: 'robot',
    key: 'per_program',
    kind: 'count',
    default: '2',
    min: 1,
    off: true,
    note: 'Robots of one program at once.',
  },
  {
    section: 'robot',
    key: 'timeout',
    kind: 'duration',
    default: '60s',
    min: 1000,
    note: 'How long a robot may run.',
  },
  {
    section: 'robot',
    key: 'unixfrom',
    kind: 'bool',
    default: 'false',
    note: 'Whether robots get a From line first.',
  },
  {
    section: 'robot',
    key: 'exit_status',
    kind: 'exit-status',
    default: 'sysexits',
    note: 'Whether a failing robot bounces the mail (sysexits) or not, as in DMail (ignore).',
  },

  {
    section: 'file',
    key: 'user_roots',
    kind: 'paths',
    default: '',
    note: "Directories of the files that users' forward files may name.",
  },

  {
    section: 'auth',
    key: 'plaintext',
    kind: 'bool',
    default: 'false',
    warns: {
      value: true,
      message: 'passwords are taken over connections that anybody on the way can read',
      hint: 'remove plaintext and give Haraka a certificate (plugin tls)',
    },
    note: 'Whether AUTH is offered without TLS to other than loopback clients.',
  },
  {
    section: 'auth',
    key: 'offer_to',
    kind: 'ips',
    default: '*',
    note: 'Clients that AUTH is offered to: a list of IP addresses, patterns and ranges.',
  },
  {
    section: 'auth',
    key: 'ip_failures',
    kind: 'rate',
    default: '5/10m',
    off: true,
    note: 'Failed logins of one client address, an IPv6 network of 64 bits, before it has to wait.',
  },
  {
    section: 'auth',
    key: 'user_failures',
    kind: 'rate',
    default: '20/10m',
    off: true,
    note: 'Failed logins with one user name, from wherever, before it has to wait.',
  },
  {
    section: 'auth',
    key: 'failure_delay',
    kind: 'duration',
    default: '2s',
    note: 'How long the answer to a failed login takes, whatever the reason.',
  },

  {
    section: 'access',
    key: 'fromip_period',
    kind: 'duration',
    default: '1h',
    min: 1000,
    note: 'The time that fromip_max counts in.',
  },
  {
    section: 'access',
    key: 'vrfy',
    kind: 'bool',
    default: 'false',
    note: 'Whether VRFY and EXPN tell who exists and who is behind an alias; if not, they are answered 252.',
  },

  {
    section: 'outbound',
    key: 'retry_interval',
    kind: 'duration',
    default: '2h',
    min: 1000,
    note: 'Time between two attempts to send a message.',
  },
  {
    section: 'outbound',
    key: 'suspend_max_hours',
    kind: 'count',
    default: 'off',
    min: 1,
    off: true,
    note: 'Hours after which suspended mail goes back to its sender; off = never, as in DMail.',
  },

  {
    section: 'etrn',
    key: 'allow',
    kind: 'ips',
    default: '*',
    note: 'Clients that may send ETRN: a list of IP addresses, patterns and ranges.',
  },
  {
    section: 'etrn',
    key: 'rate',
    kind: 'rate',
    default: '1/60s',
    off: true,
    note: 'How often mail for one domain may be asked for.',
  },
  {
    section: 'etrn',
    key: 'hangup_after',
    kind: 'duration',
    default: '10m',
    note: 'How long after ETRN ras_hangup waits, so that the provider can bring the mail.',
  },
  {
    section: 'etrn',
    key: 'first_round',
    kind: 'duration',
    default: '10s',
    min: 1000,
    note: 'How long after the start, or a change of the ras_ lines, the first round comes: the server should be listening by then.',
  },

  {
    section: 'dsn',
    key: 'success_from',
    kind: 'ips',
    default: '*',
    note: 'Clients that get reports of success: a list of IP addresses, patterns and ranges. Who may relay always gets them.',
  },
  {
    section: 'dsn',
    key: 'double_bounces',
    kind: 'bool',
    default: 'true',
    note: 'Whether sysadmin is told when a message without a sender cannot be delivered.',
  },
  {
    section: 'dsn',
    key: 'texts',
    kind: 'paths',
    default: '',
    note: 'A directory with your own texts of reports, failed.txt, delayed.txt and others; those it lacks are built in.',
  },

  {
    section: 'cluster',
    key: 'redis',
    kind: 'bool',
    default: 'false',
    note: 'Whether this Haraka is one node of several that share what they know through Redis.',
  },
  {
    section: 'cluster',
    key: 'node',
    kind: 'text',
    default: '',
    note: 'The name of this node, which no other has; empty for the name of the machine.',
  },
  {
    section: 'cluster',
    key: 'prefix',
    kind: 'text',
    default: 'dmail',
    note: 'What all keys and channels in Redis begin with: nodes of one cluster have the same.',
  },
  {
    section: 'cluster',
    key: 'answer_timeout',
    kind: 'duration',
    default: '2s',
    min: 1000,
    note: 'How long the answers of other nodes are waited for.',
  },
  {
    section: 'cluster',
    key: 'table_cache',
    kind: 'duration',
    default: '5s',
    note: 'How long an answer of a table in Redis is believed: a change there counts after it at the latest.',
  },
  {
    section: 'cluster',
    key: 'table_keep',
    kind: 'duration',
    default: '1d',
    note: 'How long an answer of a table in Redis is used while Redis is away; after it such mail gets 451.',
  },
] as const satisfies readonly IniKey[]

type Row = (typeof INI_KEYS)[number]

type Camel<S extends string> = S extends `${infer Head}_${infer Tail}` ? `${Head}${Capitalize<Camel<Tail>>}` : S

type Section<S extends Row['section']> = {
  readonly [R in Extract<Row, { section: S }> as Camel<R['key']>]: IniValueByKind[R['kind']]
}

/** The values of dmail.ini, frozen: `ini.routing.rematchForwards`. Durations in milliseconds, sizes in bytes. */
export type DmailIni = { readonly [S in Row['section']]: Section<S> } & {
  /** Prefixes of C10 as written -> directory of this machine. */
  readonly paths: ReadonlyMap<string, string>
}
