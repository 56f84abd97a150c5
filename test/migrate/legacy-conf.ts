import type { LegacyDomain, LegacyUser } from './legacy-people.js'

/**
 * The dmail.conf of the legacy site and the files it includes: some 300 lines as DMSetup and fifteen years of an operator leave them,
 * with CRLF and Windows paths. The included files lie in `c:\dmail\conf`.
 */
export function legacyConf(
  domains: readonly LegacyDomain[],
  users: readonly LegacyUser[],
  nextHopPort: number,
): Map<string, string> {
  const files = new Map<string, readonly string[]>([
    ['dmail.conf', mainConf(domains, users)],
    ['forwards.inc', FORWARDS],
    [
      'relay.inc',
      [
        '# Who may relay, and how mail gets there',
        'forward_from_ip 127.0.0.1,192.168.1.*',
        'relay_to partner.example',
        `gateway partner.example 127.0.0.1:${nextHopPort}`,
        '#include trusted.inc',
      ],
    ],
    ['trusted.inc', ['# The branch', 'forward_from_ip 10.9.0.0-10.9.255.255']],
  ])
  return new Map([...files].map(([name, lines]) => [name, lines.map((line) => `${line}\r\n`).join('')]))
}

const FORWARDS = [
  '# Forward rules come first, for every domain',
  'forward info@mill.example u002@mill.example',
  'forward info@mill.example u002@forge.example',
  'forward sales@* u004@mill.example',
  'forward_cc u005@lab.example u006@mill.example',
  'forward help@mill.example "|c:\\dmail\\bin\\drespond.exe -q c:\\dmail\\bin\\help.txt"',
]

function mainConf(domains: readonly LegacyDomain[], users: readonly LegacyUser[]): string[] {
  const [main, ...others] = domains
  const numbered = (count: number, line: (number: number) => string): string[] =>
    Array.from({ length: count }, (_, index) => line(index + 1))
  return [
    ...comment('DMail configuration file, written by DMSetup', 'Common to DSMTP, DPOP and DList'),
    `host_domain ${main?.name ?? ''}`,
    'host_domain mill.example.net',
    ...others.map(({ name, prefix = '', windows }, index) => {
      const login = index === 2 ? '10.1.1.3' : `@${name}`
      return `vdomain ${prefix} ${login} ${name} ${windows}`
    }),
    'vdomain_separator _',
    'drop_prefix true',
    'sysadmin u001@mill.example',
    'dsmtp_path c:\\dmail',
    'work_path c:\\dmail\\work',
    `DROP_PATH ${main?.windows ?? ''}`,
    'hash_spool 2',
    'drop_max 20000',
    'allowdup true',
    ...comment('Who is who'),
    'authent_method External',
    'authent_process c:\\dmail\\nwauth.exe -path c:\\dmail',
    'authent_number 2',
    'authent_timeout 20',
    `authent_cache ${users.length * 2}`,
    'authent_domain false',
    ...comment('Aliases; the files are made by the accounts program'),
    ...domains.map(({ name }) => `alias_file_domain ${name} c:\\dmail\\conf\\Aliases-${name}.txt`),
    'alias_file_domain * c:\\dmail\\conf\\everywhere.txt',
    'alias_file c:\\dmail\\conf\\last.txt',
    '#include c:\\dmail\\conf\\forwards.inc',
    '#include "c:\\dmail\\conf\\relay.inc"',
    ...comment('Spam, as of the year 2003'),
    ...numbered(60, (number) => `ban_ip 198.51.100.${number}`),
    'ban_ip_except 198.51.100.7',
    ...numbered(120, (number) => `ban_mailfrom *@spam${number}.example`),
    'ban_rcptto root@*',
    'max_rcpts 200',
    'bomb_max 40',
    'bomb_exception_ip 192.168.1.5',
    'fromip_max 500',
    ...comment('Retries and reports'),
    'max_retrytime 96',
    'bounce_body true',
    'bounce_maxlen 32',
    'dns_timeout 30',
    'log_level info',
    ...comment('DPOP'),
    'pop_port 110',
    'bin_path c:\\dmail\\bin_dir',
    'apop_enable false',
    'user_ip_address 192.168.*',
    'add_status true',
    ...comment('DList'),
    'dlist_path c:\\dmail\\lists',
    'dlist_domain mill.example',
    'dlist_loglvl info',
    ...numbered(40, (number) => `# (old setting ${number} removed when 2.7 came)`),
    ...comment('End of file'),
  ]
}

function comment(...lines: readonly string[]): string[] {
  return ['', '# '.padEnd(60, '-'), ...lines.map((line) => `# ${line}`), '# '.padEnd(60, '-')]
}
