// The Markdown of the settings' tables; settings-docs.mjs puts them into the pages.

/** How each kind of value in dmail.conf is written. */
const VALUES = {
  bool: '`true` or `false`',
  int: 'number',
  word: 'one word',
  text: 'text',
  path: 'path',
  domain: 'domain',
  address: 'address',
  ips: 'list of IP patterns',
  patterns: 'list of address patterns',
  domains: 'list of domain patterns',
  forward: 'address pattern, destination',
  vdomain: 'prefix, `@suffix` or IP, domain, directory',
  'domain-path': 'domain, directory',
  'any-domain-path': 'domain or `*`, file or `redis:` table',
  'alias-table': 'path or `redis:` table',
  'redis-table': '`redis:` table',
  gateway: 'domain, host',
  'host-port': 'host',
  command: 'command line',
  'authent-method': '`unix_user` or `external`',
  'hash-spool': '`0`, `1`, `2` or `scan`',
}

/** The same for dmail.ini. */
const INI_VALUES = {
  bool: '`true` or `false`',
  count: 'number',
  duration: 'duration',
  size: 'size',
  rate: 'rate',
  ips: 'list of IP patterns',
  text: 'text',
  list: 'list',
  paths: 'list of directories',
  mbox: '`mboxrd` or `mboxo`',
  'exit-status': '`sysexits` or `ignore`',
  'hash-method': '`0`, `1` or `2`',
}

const SERVERS = { D: 'DSMTP', C: 'all', P: 'DPOP', L: 'DList', '-': '?' }

const GROUPS = {
  suite: ['Handled by the suite', 'These do what they did in DMail, or say here how they differ.'],
  unsupported: ['Not supported', 'The line is ignored, with a warning that says what to do instead.'],
  haraka: ['Done by Haraka', 'The line is ignored, with a warning that names the place in Haraka.'],
  obsolete: ['Obsolete', 'The line is ignored without a word: nothing has to take its place.'],
}

const PAGE_HEAD = `# All settings

<!-- Written by "npm run docs" from lib/conf/settings*.ts and lib/conf/ini-keys*.ts; edit those. -->

\`dmail check\` tells for every line of your files which of the groups below it belongs to.

## dmail.conf

One setting a line: a name, blanks, a value. A line that starts with \`#\` is a comment, and nothing may stand behind a
value. \`#include file\` reads another file. Names and keywords may be written in any case. Lists are comma lists; \`*\`
stands for any characters, \`?\` for one, and a \`!\` before an entry takes back what an earlier one allowed. IP patterns
may also be networks (\`10.1.2.0/24\`) and ranges (\`10.1.2.3-10.1.2.9\`).

Column "lines": with **all** every line of this name counts, with **last** only the last one, with a warning. Column
"server" names the DMail program that the setting belonged to.
`

const INI_HEAD = `
## dmail.ini

What DMail had no setting for. Every key has a default, and the file may be missing. Durations are a number and \`s\`,
\`m\`, \`h\` or \`d\` (\`90s\`, \`2h\`); sizes a number and \`k\`, \`m\` or \`g\`; rates a number of times in a
duration (\`1/60s\`). Where \`off\` is allowed it means "no limit".

### [paths]

Each line maps the beginning of a path as it stands in \`dmail.conf\`, alias files and answers of the user module to a
directory of this machine. The longest one that fits counts.

    [paths]
    c:\\dmail = /var/dmail
    \\\\server\\share = /mnt/share
`

/** Everything of settings.md about dmail.conf. */
export function settingsPage(settings) {
  const groups = Object.entries(GROUPS).map(([handled, [title, text]]) => {
    const rows = settings.filter((row) => row.handled === handled)
    return `\n### ${title}\n\n${text} (\`handled\`: \`${handled}\`)\n\n${handled === 'suite' ? fullTable(rows) : shortTable(rows)}`
  })
  return PAGE_HEAD + groups.join('')
}

/** Everything of settings.md about dmail.ini. */
export function iniPage(keys) {
  const sections = [...new Set(keys.map(({ section }) => section))]
  const parts = sections.map((section) => {
    const rows = keys.filter((row) => row.section === section)
    return `\n### [${section}]\n\n${keyTable(rows, ({ key }) => key)}`
  })
  return INI_HEAD + parts.join('')
}

/** A block of settings in another page. */
export function settingsTable(title, rows) {
  return table(
    [title, 'value', 'default', 'lines', 'meaning'],
    rows.map((row) => [code(row.name), valueOf(row), defaultOf(row), linesOf(row), escaped(row.note)]),
  )
}

/** A block of keys in another page. */
export function iniTable(title, rows) {
  return keyTable(rows, ({ section, key }) => `[${section}] ${key}`, title)
}

function fullTable(rows) {
  return table(
    ['setting', 'value', 'default', 'lines', 'server', 'meaning'],
    rows.map((row) => [
      code(row.name),
      valueOf(row),
      defaultOf(row),
      linesOf(row),
      SERVERS[row.server],
      escaped(row.note),
    ]),
  )
}

/** The values of settings that are not acted on are not judged, so neither form nor default says anything. */
function shortTable(rows) {
  return table(
    ['setting', 'lines', 'server', 'meaning'],
    rows.map((row) => [code(row.name), linesOf(row), SERVERS[row.server], escaped(row.note)]),
  )
}

function keyTable(rows, nameOf, title = 'key') {
  return table(
    [title, 'value', 'default', 'meaning'],
    rows.map((row) => [
      code(nameOf(row)),
      `${known(INI_VALUES, row.kind)}${row.off === true ? ', or `off`' : ''}`,
      row.default === '' ? 'empty' : code(row.default),
      escaped(row.note),
    ]),
  )
}

export function table(head, rows) {
  const lines = [head, head.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`)
  return `${lines.join('\n')}\n`
}

function valueOf({ kind, min, max }) {
  const form = known(VALUES, kind)
  if (kind !== 'int' || (min === undefined && max === undefined)) return form
  if (max === undefined) return `${form}, at least ${min}`
  return `${form}, ${min ?? 0} to ${max}`
}

function defaultOf({ default: usual, required }) {
  if (required === true) return '**required**'
  return usual === undefined ? 'none' : code(String(usual))
}

function linesOf({ multi }) {
  return multi ? 'all' : 'last'
}

function known(forms, kind) {
  const form = forms[kind]
  if (form === undefined)
    throw new Error(`scripts/settings-tables.mjs does not know how a value of kind "${kind}" is written`)
  return form
}

/** Text in backticks; a bar would still end the cell. */
export function code(text) {
  return `\`${text.replaceAll('|', '\\|')}\``
}

/** Text that Markdown must take as it is. The numbers of decisions, "(D6)", mean nothing to an operator. */
export function escaped(text) {
  return text.replace(/ \([A-Z]\d+(?:, [A-Z]\d+)*\)/g, '').replace(/[\\|*<`]/g, '\\$&')
}
