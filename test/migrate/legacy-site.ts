import { chmodSync, mkdirSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { oneOf, seeded } from '../faults/random.js'
import { tempDir } from '../support/cleanup.js'
import {
  addressOf,
  dropName,
  goalsOfUser,
  makeAliases,
  makeUsers,
  ruleOfUser,
  type Goal,
  type LegacyAlias,
  type LegacyDomain,
  type LegacyUser,
} from './legacy-people.js'
import { legacyConf } from './legacy-conf.js'

/** A DMail site of 1999, copied from its Windows machine: what lay on drive c:, and what lay on drive d:. */
export interface LegacySite {
  /** Where `c:\` is now; the dmail.conf lies in it, as `winnt/system32/dmail.conf`. */
  readonly dir: string
  readonly conf: string
  /** Where `d:\mail` is now. */
  readonly driveD: string
  readonly domains: readonly LegacyDomain[]
  readonly users: readonly LegacyUser[]
  /** How many alias entries there are. */
  readonly aliases: number
  /** 200 addresses and where their mail belongs, sorted; none: it is refused. */
  readonly expected: ReadonlyMap<string, readonly Goal[]>
  /** The directories that mail may end in. */
  readonly places: readonly string[]
}

const SEED = 1999
const EVERYWHERE = 60
const LAST = 40

export function makeLegacySite(nextHopPort: number): LegacySite {
  const random = seeded(SEED)
  const top = tempDir('legacy')
  // Robots run as another account when the tests run as root.
  chmodSync(top, 0o755)
  const dir = path.join(top, 'drive-c')
  const driveD = path.join(top, 'drive-d-mail')
  const dmail = path.join(dir, 'dmail')
  const place = (name: string): string => path.join(dmail, ...name.split('/'))
  const domains: readonly LegacyDomain[] = [
    { name: 'mill.example', prefix: undefined, windows: 'c:\\dmail\\in', dir: place('in'), aliases: 600 },
    { name: 'forge.example', prefix: 'forge', windows: 'c:\\dmail\\in\\forge', dir: place('in/forge'), aliases: 400 },
    { name: 'inn.example', prefix: 'inn', windows: 'c:\\dmail\\in\\inn', dir: place('in/inn'), aliases: 400 },
    { name: 'lab.example', prefix: 'lab', windows: 'c:\\dmail\\in', dir: place('in'), aliases: 300 },
    { name: 'port.example', prefix: 'port', windows: 'd:\\mail\\port', dir: path.join(driveD, 'port'), aliases: 200 },
  ]
  const users = makeUsers(domains, random)
  const files = place('files')
  const write = (file: string, text: string, mode = 0o644): void => {
    mkdirSync(path.dirname(file), { recursive: true })
    writeFileSync(file, text)
    chmodSync(file, mode)
  }

  const aliases = new Map(domains.map((domain) => [domain, makeAliases(domain, users, { files, random })]))
  const [main, , inn] = domains
  if (main === undefined || inn === undefined) throw new Error('the site has no domains')
  const everywhere = makeAliases({ ...main, aliases: EVERYWHERE }, users, { files, random }, 1, 'g')
  const last = makeAliases({ ...main, aliases: LAST }, users, { files, random }, 1, 'z')
  for (const [domain, own] of aliases) {
    const kept = users.filter((user) => user.domain === domain && user.aliased)
    const lines = [
      ...own,
      ...kept.map((user) => ({ key: user.name, text: `$user, ${addressOf(targetOf(user, users))}` })),
      ...(domain === inn ? [{ key: '*', text: 'u001' }] : []),
    ]
    write(place(`conf/aliases-${domain.name}.txt`), aliasText(domain.name, lines))
  }
  write(place('conf/everywhere.txt'), aliasText('every domain', everywhere))
  write(place('conf/last.txt'), aliasText('whatever is left', last))

  write(place('nwauth.txt'), users.map(userLine).join(''), 0o600)
  for (const directory of new Set(domains.map((domain) => domain.dir))) mkdirSync(directory, { recursive: true })
  for (const user of users.filter(({ placed }) => placed)) {
    write(user.drop, oneOf(random, [OLD_MAIL, OLD_MAIL, '']), 0o600)
    // "drop_file.fwd" (manual): beside the drop file, hashed as that is.
    if (user.way.startsWith('dot')) {
      write(`${user.drop}.fwd`, ruleOfUser(user).replace(',', '\n'), user.way === 'dot-open' ? 0o666 : 0o644)
    }
  }
  write(place('lists/lists.dat'), LISTS)
  mkdirSync(files, { recursive: true })
  const conf = path.join(dir, 'winnt/system32/dmail.conf')
  for (const [name, text] of legacyConf(domains, users, nextHopPort)) {
    write(name === 'dmail.conf' ? conf : place(`conf/${name}`), text)
  }

  const expected = choose(domains, users, aliases, [...everywhere, ...last])
  const count = [...aliases.values()].reduce((sum, own) => sum + own.length, 0) + everywhere.length + last.length
  return { dir, conf, driveD, domains, users, aliases: count, expected, places: [place('in'), files, driveD] }
}

/** Another user of the same domain. */
function targetOf(user: LegacyUser, users: readonly LegacyUser[]): LegacyUser {
  return users.find((each) => each.domain === user.domain && each.way === 'plain' && each.isTarget) ?? user
}

function aliasText(title: string, lines: readonly { readonly key: string; readonly text: string }[]): string {
  return `# Aliases of ${title}\r\n${lines.map(({ key, text }) => `${key}: ${text}\r\n`).join('')}`
}

function userLine(user: LegacyUser): string {
  const fwd = user.way === 'fwd' || user.way === 'fwd-self' ? `fwd="${ruleOfUser(user)}"` : 'fwd=""'
  return `${dropName(user)}:*secret:created="915148800" ${fwd} quota="0"\r\n`
}

const OLD_MAIL = `From ann@old.example Tue Jan 05 16:41:58 1999
Return-Path: <ann@old.example>
Subject: before the move

Kept.
`

const LISTS = `# lists.dat
list staff
  title Everybody who works here
  domain forge.example
list News
  archive true
`

/** 200 addresses: every kind of user, alias and rule, some of them nobody's. */
function choose(
  domains: readonly LegacyDomain[],
  users: readonly LegacyUser[],
  aliases: ReadonlyMap<LegacyDomain, readonly LegacyAlias[]>,
  shared: readonly LegacyAlias[],
): Map<string, readonly Goal[]> {
  const expected = new Map<string, readonly Goal[]>()
  const expect = (address: string, goals: readonly Goal[]): void => {
    expected.set(address, [...new Set(goals)].sort())
  }
  const [main, forge, inn, lab] = domains
  if (main === undefined || forge === undefined || inn === undefined || lab === undefined) throw new Error('no domains')
  const user = (domain: LegacyDomain, name: string): LegacyUser => {
    const found = users.find((each) => each.domain === domain && each.name === name)
    if (found === undefined) throw new Error(`there is no ${name}`)
    return found
  }
  // Rules of forwards.inc and relay.inc.
  expect('info@mill.example', [user(main, 'u002').drop, user(forge, 'u002').drop])
  expect('SALES@lab.example', [user(main, 'u004').drop])
  expect('sales@elsewhere.example', [user(main, 'u004').drop])
  expect('u005@lab.example', [user(lab, 'u005').drop, user(main, 'u006').drop])
  expect('guest@partner.example', ['remote guest@partner.example'])
  // A second host_domain is another name of the first.
  for (const name of ['u001', 'u007', 'u009']) expect(`${name}@mill.example.net`, goalsOfUser(user(main, name)))
  // The catch-all of one domain, and nobody at the others.
  expect('whoever@inn.example', [user(inn, 'u001').drop])
  for (const { name } of domains) if (name !== 'inn.example') expect(`whoever@${name}`, [])
  expect('forge_u001@forge.example', [])

  for (const each of users) {
    const number = Number(each.name.slice(1))
    if (each.aliased && number < 20) expect(addressOf(each), [each.drop, targetOf(each, users).drop])
    else if (each.way !== 'plain' || number % 8 === 0) expect(addressOf(each), goalsOfUser(each))
  }
  shared.forEach(({ key, goals }, index) => {
    const domain = domains[index % domains.length]
    if (index % 4 === 0 && domain !== undefined) expect(`${key}@${domain.name}`, goals)
  })
  for (let index = 0; expected.size < 200; index++) {
    const domain = domains[index % domains.length]
    const own = domain === undefined ? [] : (aliases.get(domain) ?? [])
    const alias = own[(index * 13) % own.length]
    if (domain !== undefined && alias !== undefined) expect(`${alias.key}@${domain.name}`, alias.goals)
  }
  return expected
}
