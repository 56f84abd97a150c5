import os from 'node:os'
import { iniTemplate } from '../conf/ini-template.js'
import type { DmailConf } from '../conf/dmail-conf.js'
import { settingNamed, type HarakaPlace } from '../conf/settings.js'
import { formatLine } from '../conf/lines.js'
import { addIniComments, iniText, iniValue, setIniKey, type IniSet } from './ini-edit.js'
import { editPlugins } from './plugins-edit.js'
import type { Prefix } from './types.js'

/** What stands in the Haraka directory, and what the package's sample has for a new one. */
export interface Existing {
  /** The text of a file, by its name from the Haraka directory; undefined where there is none. */
  readonly read: (name: string) => string | undefined
  readonly sample: (name: string) => string
}

export interface Wishes {
  readonly prefixes: readonly Prefix[]
  /** `address:port` of --listen. */
  readonly listen: string | undefined
  /** The legacy `hash_spool`. */
  readonly hashed: '1' | '2' | undefined
  readonly isRoot: boolean
}

/** A file of Haraka's as it is to be, and what was done to it. */
export interface Draft {
  readonly name: string
  readonly text: string
  readonly changes: readonly string[]
}

export interface HarakaSide {
  readonly drafts: readonly Draft[]
  readonly warnings: readonly { readonly file: string; readonly message: string; readonly hint: string }[]
  /** What became of a legacy line, by `name dmail.conf:12`. */
  readonly became: ReadonlyMap<string, string>
}

interface Work extends Existing {
  readonly drafts: Map<string, { text: string; readonly changes: string[] }>
  readonly warnings: HarakaSide['warnings'][number][]
  readonly became: Map<string, string>
}

/** Everything of a Haraka directory but dmail.conf: what it lacks is added, what an operator set stays. */
export function harakaFiles(conf: DmailConf, wishes: Wishes, existing: Existing): HarakaSide {
  const work: Work = { ...existing, drafts: new Map(), warnings: [], became: new Map() }
  dmailIni(work, wishes)
  smtpIni(work, conf, wishes)
  for (const name of ['config/connection.ini', 'config/log.ini', 'config/results.ini']) {
    draftOf(work, name, () => existing.sample(name))
  }
  plugins(work)
  me(work, conf)
  for (const { name, value, at } of conf.list()) {
    const place = settingNamed(name)?.place
    if (place !== undefined)
      work.became.set(`${name} ${formatLine(at)}`, carry(work, name, value, formatLine(at), place))
  }
  outbound(work)
  for (const name of ['package.json', 'docs/plugins/dmail.md']) draftOf(work, name, () => existing.sample(name))
  const drafts = [...work.drafts].map(([name, draft]) => ({ name, ...draft }))
  return { drafts, warnings: work.warnings, became: work.became }
}

/** The file as it is so far; a new one begins with `fresh`. */
function draftOf(work: Work, name: string, fresh: () => string): { text: string; readonly changes: string[] } {
  const before = work.drafts.get(name)
  if (before !== undefined) return before
  const draft = { text: work.read(name) ?? fresh(), changes: [] }
  work.drafts.set(name, draft)
  return draft
}

function set(work: Work, name: string, fresh: () => string, wish: IniSet): string {
  const draft = draftOf(work, name, fresh)
  const { text, done, was } = setIniKey(draft.text, wish)
  const place = `${name.replace(/^config\//, '')} [${wish.section}] ${wish.key}`
  if (done === 'kept') {
    draft.changes.push(`[${wish.section}] ${wish.key}=${was ?? ''} stays; DMail's would be ${wish.value}`)
    return `${place}=${was ?? ''} stays as it was`
  }
  draft.text = text
  if (done === 'set') {
    draft.changes.push(`[${wish.section}] ${wish.key}=${wish.value}${was === undefined ? '' : `, was ${was}`}`)
  }
  return `${place}=${wish.value}`
}

function dmailIni(work: Work, { prefixes, hashed, isRoot }: Wishes): void {
  const name = 'config/dmail.ini'
  const fresh = (): string => iniTemplate()
  draftOf(work, name, fresh)
  for (const { from, to, by } of prefixes) {
    if (by === 'dmail.ini') continue
    set(work, name, fresh, { section: 'paths', key: from, value: iniText(to), replace: by === 'option' })
  }
  if (hashed !== undefined) set(work, name, fresh, { section: 'drop', key: 'new_hash', value: hashed })
  // D8: a server that is root needs another account for robots; every system has this one.
  const drops = iniValue(work.read('config/smtp.ini') ?? '', 'main', 'user') !== undefined
  const given = iniValue(draftOf(work, name, fresh).text, 'robot', 'user') ?? ''
  if (isRoot && !drops && given === '') {
    set(work, name, fresh, { section: 'robot', key: 'user', value: 'nobody', usual: '' })
  }
}

const SMTP_INI = `[main]
; The addresses and ports to listen on; all addresses and port 25 where this line is commented out.
;listen=[::0]:25
`

function smtpIni(work: Work, conf: DmailConf, { listen }: Wishes): void {
  const name = 'config/smtp.ini'
  const fresh = (): string => SMTP_INI
  const { text } = draftOf(work, name, fresh)
  if (listen !== undefined) {
    set(work, name, fresh, { section: 'main', key: 'listen', value: listen, replace: true })
  }
  if (conf.one('authent_method') === 'unix_user' && iniValue(text, 'main', 'user') !== undefined) {
    work.warnings.push({
      file: 'smtp.ini',
      message: 'with authent_method unix_user and user= every drop file belongs to that one account',
      hint: 'remove user= so that each drop file can belong to its user',
    })
  }
}

function plugins(work: Work): void {
  const name = 'config/plugins'
  const draft = draftOf(work, name, () => work.sample(name))
  const edit = editPlugins(draft.text)
  draft.text = edit.text
  draft.changes.push(...edit.changes)
  for (const { message, hint } of edit.warnings) work.warnings.push({ file: 'plugins', message, hint })
}

function me(work: Work, conf: DmailConf): void {
  const host = os.hostname()
  const [main] = conf.all('host_domain')
  draftOf(work, 'config/me', () => `${host.includes('.') || main === undefined ? host : main.value}\n`)
}

function outbound(work: Work): void {
  const disabled = iniValue(work.read('config/outbound.ini') ?? '', 'main', 'disabled')
  if (disabled === undefined || !/^(?:true|yes|ok|enabled|on|1)$/i.test(disabled)) return
  work.warnings.push({
    file: 'outbound.ini',
    message: 'disabled=true: nothing leaves, and what waits for a drop file or a robot is not tried either',
    hint: 'remove the line',
  })
}

const FRESH: Readonly<Record<string, string>> = {
  'limit.ini':
    '; Proposals of "dmail migrate": choose, remove the semicolons, and put the line limit into config/plugins.\n',
}

/** A line of dmail.conf that Haraka has a place for. Returns what became of it. */
function carry(work: Work, name: string, value: string, at: string, place: HarakaPlace): string {
  const file = `config/${place.file}`
  const fresh = (): string => FRESH[place.file] ?? work.sample(file)
  if (place.proposal !== undefined) {
    const words = place.key === undefined ? value.split(/[\s,]+/) : [value]
    const lines = words.map((word) => `;${place.proposal?.replace('$', word) ?? ''}`)
    const draft = draftOf(work, file, fresh)
    const { text, done } = addIniComments(draft.text, place.section, [`; ${name} ${value} (${at}):`, ...lines])
    draft.text = text
    if (done === 'set') draft.changes.push(`[${place.section}] has a proposal for ${name} (${at})`)
    return `proposed in ${place.file} [${place.section}], commented out`
  }
  const carried = place.values === undefined ? value : place.values[value.toLowerCase()]
  if (carried === undefined || place.key === undefined) return `not carried over: ${place.file} has no such value`
  const usual = place.usual === undefined ? {} : { usual: place.usual }
  return set(work, file, fresh, { section: place.section, key: place.key, value: carried, ...usual })
}
