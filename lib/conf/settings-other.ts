import type { Handled, HarakaPlace, Server, SettingSpec } from './settings.js'
import type { Kind } from './value.js'

/**
 * The settings that are known and not acted on, and where to go instead. Their values are kept as text and are not
 * judged; `kind` is the form they have where the suite will act on them later. A setting of which no page tells
 * whether it may be repeated counts as single.
 */
export const OTHER_SETTINGS: readonly SettingSpec[] = [
  // Done by Haraka or one of its plugins
  other('add_footer', 'D', 'unsupported', 'No footer is added; a signed message would not survive it.', {
    multi: true,
  }),
  other('alias', 'D', 'unsupported', 'Belongs to the domain blocks of DMail 2.9; write alias_file_domain lines.', {
    multi: true,
  }),
  other('allow_ip', '-', 'haraka', "Use Haraka's access plugin (config/access.ini)."),
  other('archive_batch', 'D', 'obsolete', 'Archives were moved by a nightly batch file; use cron.'),
  other('bomb_dec', 'D', 'haraka', bombs('a rate has its period in itself: default=50/1h'), { multi: true }),
  other('bomb_dir', 'D', 'haraka', bombs('it refuses, and keeps no copies')),
  other('bomb_entries', 'D', 'haraka', bombs('it counts in Redis, without a limit of entries')),
  other('bomb_exception_from', 'D', 'haraka', bombs('in [rate_rcpt_sender] the line "SENDER=0" exempts a sender'), {
    place: limit('rate_rcpt_sender', '$=0'),
  }),
  other('bomb_exception_ip', 'D', 'haraka', bombs('in [rate_conn] the line "ADDRESS=0" exempts a client'), {
    place: limit('rate_conn', '$=0'),
  }),
  other('bomb_exception_to', 'D', 'haraka', bombs('in [rate_rcpt] the line "RECIPIENT=0" exempts a recipient'), {
    place: limit('rate_rcpt', '$=0'),
  }),
  other(
    'bomb_max',
    'D',
    'haraka',
    bombs('[rate_rcpt] with enabled=true and default=NUMBER/1h, NUMBER from this line'),
    {
      place: limit('rate_rcpt', 'default=$/1h', 'default'),
    },
  ),
  other('dns_host', 'D', 'haraka', 'Haraka asks the resolvers of the system (/etc/resolv.conf).'),
  other('dns_timeout', 'D', 'haraka', 'Haraka asks the resolvers of the system (/etc/resolv.conf).'),
  other('filter_file', 'D', 'haraka', 'Filter with rspamd (haraka-plugin-rspamd) or karma.'),
  other(
    'hide_auth',
    'D',
    'unsupported',
    'SMTP AUTH takes the place of POP before SMTP, of which there is no record; [auth] offer_to of dmail.ini names the clients that AUTH is offered to.',
  ),
  other('log_data', 'D', 'haraka', 'Haraka keeps no copy of the data; it logs what config/log.ini says.'),
  other('log_level', 'C', 'haraka', 'Set the level in config/log.ini.', {
    place: {
      file: 'log.ini',
      section: 'main',
      key: 'level',
      values: { error: 'error', warn: 'warn', info: 'info', debug: 'debug' },
      usual: 'info',
    },
  }),
  other('mail_filter', 'D', 'haraka', 'Filter with rspamd (haraka-plugin-rspamd) or karma.'),
  other(
    'msg_filter',
    'D',
    'haraka',
    'Filter with rspamd (haraka-plugin-rspamd: rules over headers and bodies) or karma (a score over all plugins).',
  ),
  other('dwatch_path', 'C', 'obsolete', 'DWatch is not used: let the service manager watch Haraka.'),

  // The POP server
  pop('add_status', 'mail clients keep their own state with IMAP'),
  pop('apop_enable', 'set auth_mechanisms there'),
  pop('bin_path', 'its index files take the place of the bin directories'),
  pop('bin_pfull', 'it compacts by itself'),
  pop('bulletin_path', 'send bulletins as mail'),
  pop('bulletin_from', 'send bulletins as mail'),
  pop('dpop_host', 'set the listen address there'),
  pop('dpop_path', 'it has directories of its own'),
  pop('hash_bindir', 'its index files take the place of the bin directories'),
  pop('hide_old_bulls', 'send bulletins as mail'),
  pop('lookup_names', 'it makes no reverse look-ups'),
  pop('manager_ip_address', 'it is managed with doveadm'),
  pop('manager_ip_name', 'it is managed with doveadm'),
  pop('manager_password', 'it is managed with doveadm'),
  pop('min_space', 'watch the disk with your monitoring'),
  pop('pop_port', 'set inet_listener pop3 there'),
  pop('stats_path', 'it has statistics of its own'),
  pop('use_drop', 'it reads the drop files as they are (mbox)'),
  pop('user_ip_address', 'use allow_nets there'),

  // The mailing list server
  list('dlist_accept_from_request'),
  list('dlist_domain'),
  list('dlist_loglvl'),
  list('dlist_names'),
  list('dlist_path', 'path'),
  list('dlist_rotate'),
  list('dlist_smtp_host'),
  list('dlist_web_abs'),
]

interface Form {
  readonly kind?: Kind
  readonly multi?: boolean
  readonly place?: HarakaPlace
}

/** A key of Haraka's limit plugin; it counts by time, and how long DMail counted is not known. */
function limit(section: string, proposal: string, key?: string): HarakaPlace {
  return { file: 'limit.ini', section, proposal, ...(key === undefined ? {} : { key }) }
}

function other(name: string, server: Server, handled: Handled, note: string, form: Form = {}): SettingSpec {
  const place = form.place === undefined ? {} : { place: form.place }
  return { name, kind: form.kind ?? 'text', multi: form.multi ?? false, server, handled, note, ...place }
}

/** Mail bombs: what to write into config/limit.ini. */
function bombs(how: string): string {
  return `Mail bombs: use Haraka's limit plugin (config/limit.ini): ${how}.`
}

function pop(name: string, instead: string): SettingSpec {
  return other(name, 'P', 'unsupported', `Belongs to a POP server: use Dovecot; ${instead}.`)
}

function list(name: string, kind: Kind = 'text'): SettingSpec {
  const note = 'Belongs to a list manager: move the lists to Mailman, Sympa or mlmmj and give each address an alias.'
  return other(name, 'L', 'unsupported', note, { kind })
}
