import path from 'node:path'

/** Debian's places. */
export const COMMANDS = '/usr/sbin'
export const DAEMONS = '/usr/lib/postfix/sbin'

/** Uid and gid that virtual(8) delivers as: Debian's nobody and nogroup. */
export const MAILBOX_OWNER = 65534

/** Lines of main.cf: name and value. */
export type Settings = Readonly<Record<string, string>>

/** What makes an instance private, quick to react and independent of the DNS; mailboxes are maildirs of virtual(8). */
export function mainCf(dir: string, mailboxes: readonly string[]): Settings {
  const domains = new Set(mailboxes.map((address) => address.slice(address.lastIndexOf('@') + 1)))
  const entries = mailboxes.map((address) => `{ ${address} = ${address}/ }`)
  return {
    compatibility_level: '3.6',
    queue_directory: path.join(dir, 'queue'),
    data_directory: path.join(dir, 'data'),
    command_directory: COMMANDS,
    daemon_directory: DAEMONS,
    mail_owner: 'postfix',
    setgid_group: 'postdrop',
    maillog_file: path.join(dir, 'log'),
    maillog_file_prefixes: dir,
    inet_interfaces: '127.0.0.1',
    inet_protocols: 'ipv4',
    mynetworks: '127.0.0.0/8',
    mydestination: '',
    alias_maps: '',
    alias_database: '',
    disable_dns_lookups: 'yes',
    smtpd_peername_lookup: 'no',
    smtpd_client_connection_count_limit: '0',
    smtpd_client_connection_rate_limit: '0',
    // 127.0.0.1 is a client like any other here: its headers are no business of Postfix.
    local_header_rewrite_clients: '',
    biff: 'no',
    // Debian's limit for the mailboxes of virtual(8) must not be below that for messages.
    virtual_mailbox_limit: '0',
    virtual_mailbox_domains: [...domains].join(' '),
    virtual_mailbox_base: path.join(dir, 'mail'),
    virtual_mailbox_maps: entries.length === 0 ? '' : `inline:{ ${entries.join(' ')} }`,
    virtual_uid_maps: `static:${MAILBOX_OWNER}`,
    virtual_gid_maps: `static:${MAILBOX_OWNER}`,
  }
}

/** Debian's services without chroot; the port is ours. */
export function masterCf(port: number): string {
  const rows: readonly (readonly [
    name: string,
    type: string,
    priv: string,
    wakeup: string,
    most: string,
    command: string,
  ])[] = [
    [`127.0.0.1:${port}`, 'inet', 'n', '-', '-', 'smtpd'],
    ['pickup', 'unix', 'n', '60', '1', 'pickup'],
    ['cleanup', 'unix', 'n', '-', '0', 'cleanup'],
    ['qmgr', 'unix', 'n', '300', '1', 'qmgr'],
    ['tlsmgr', 'unix', '-', '1000?', '1', 'tlsmgr'],
    ['rewrite', 'unix', '-', '-', '-', 'trivial-rewrite'],
    ['bounce', 'unix', '-', '-', '0', 'bounce'],
    ['defer', 'unix', '-', '-', '0', 'bounce'],
    ['trace', 'unix', '-', '-', '0', 'bounce'],
    ['verify', 'unix', '-', '-', '1', 'verify'],
    ['flush', 'unix', 'n', '1000?', '0', 'flush'],
    ['proxymap', 'unix', '-', '-', '-', 'proxymap'],
    ['smtp', 'unix', '-', '-', '-', 'smtp'],
    ['relay', 'unix', '-', '-', '-', 'smtp'],
    ['showq', 'unix', 'n', '-', '-', 'showq'],
    ['error', 'unix', '-', '-', '-', 'error'],
    ['retry', 'unix', '-', '-', '-', 'error'],
    ['discard', 'unix', '-', '-', '-', 'discard'],
    ['local', 'unix', '-', '-', '-', 'local'],
    ['virtual', 'unix', '-', '-', '-', 'virtual'],
    ['anvil', 'unix', '-', '-', '1', 'anvil'],
    ['scache', 'unix', '-', '-', '1', 'scache'],
    ['postlog', 'unix-dgram', 'n', '-', '1', 'postlogd'],
  ]
  // local(8) and virtual(8) become the owner of a mailbox, so they keep their privileges.
  const keeps = new Set(['local', 'virtual'])
  return rows
    .map(([name, type, priv, wakeup, most, command]) => {
      return `${name} ${type} ${priv} ${keeps.has(name) ? 'n' : '-'} n ${wakeup} ${most} ${command}\n`
    })
    .join('')
}
