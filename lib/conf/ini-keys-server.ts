import type { IniKey } from './ini-keys.js'

/** The server as a whole. */
export const MAIN_KEYS = [
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
] as const satisfies readonly IniKey[]

/** What clients may do, mail for elsewhere, reports, other nodes. */
export const SERVER_KEYS = [
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
