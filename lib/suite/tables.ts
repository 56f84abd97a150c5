import type { Configuration } from '../conf/load.js'
import { formatLine } from '../conf/lines.js'
import type { OtherNames } from '../conf/other-names.js'
import type { LocalDomain } from '../routing/domains.js'
import { forwardTable, withForwardTables, type ForwardLookup } from '../routing/forwards.js'
import { gatewayTable } from '../routing/gateways.js'
import type { RelayRule } from '../routing/relay.js'
import type { AliasFile, Tables } from '../routing/tables.js'
import { isRedisTable } from '../conf/redis-table.js'

/** Every local domain by name; the second and later host_domain lead to the first (R10). */
export function localDomains({ conf }: Configuration): Map<string, LocalDomain> {
  const domains = new Map<string, LocalDomain>()
  const dropPath = conf.one('drop_path') ?? ''
  // semantics 4: alt_drop_path counts "only when NOT using external authentication".
  const external = conf.one('authent_method') === 'external'
  const alternatives = new Map(conf.all('alt_drop_path').map(({ value }) => [value.domain, value.path]))
  const pathOf = (domain: string, otherwise: string): string =>
    external ? otherwise : (alternatives.get(domain) ?? otherwise)

  const hosts = conf.all('host_domain').map(({ value }) => value)
  const [main] = hosts
  if (main !== undefined) {
    const entry = { name: main, prefix: undefined, dropPath: pathOf(main, dropPath) }
    for (const host of hosts) domains.set(host, entry)
  }
  for (const { value } of conf.all('vdomain')) {
    const { prefix, domain, path } = value
    if (!domains.has(domain)) domains.set(domain, { name: domain, prefix, dropPath: pathOf(domain, path) })
  }
  return domains
}

/** The names among them that lead to another. */
export function otherNames(domains: ReadonlyMap<string, LocalDomain>): OtherNames {
  return new Map(
    Array.from(domains, ([host, { name }]) => [host, name] as const).filter(([host, name]) => host !== name),
  )
}

/** Folders that hold drop files, for what a module may name (U5). */
export function dropRoots({ conf, ini }: Configuration): string[] {
  const main = conf.one('drop_path')
  const vdomains = conf.all('vdomain').map(({ value }) => value.path)
  const others = conf.all('alt_drop_path').map(({ value }) => value.path)
  return [...new Set([...(main === undefined ? [] : [main]), ...vdomains, ...others, ...ini.drop.roots])]
}

/** The alias files and tables of each local domain in look-up order (R8): its own, those for `*`, alias_file. */
export function aliasOrder(
  { conf }: Configuration,
  domains: ReadonlyMap<string, LocalDomain>,
  fileOf: (path: string) => AliasFile,
): Map<string, readonly AliasFile[]> {
  const own = new Map<string, Set<string>>()
  const everywhere = new Set<string>()
  for (const { value } of conf.all('alias_file_domain')) {
    if (value.domain === '*') everywhere.add(value.path)
    // A second host_domain is the main domain (R10), so its file is one of the main domain's.
    const name = domains.get(value.domain)?.name
    if (name !== undefined) own.set(name, (own.get(name) ?? new Set()).add(value.path))
  }
  const global = conf.one('alias_file')
  if (global !== undefined) everywhere.add(global)

  const fallsThrough = conf.one('alias_fallthrough')
  const order = new Map<string, readonly AliasFile[]>()
  for (const { name } of domains.values()) {
    const files = own.get(name) ?? new Set<string>()
    const stopsHere = files.size > 0 && !fallsThrough
    order.set(name, [...new Set([...files, ...(stopsHere ? [] : everywhere)])].map(fileOf))
  }
  return order
}

/** Every alias file that a line names; tables in Redis are none. */
export function aliasFiles({ conf }: Configuration): string[] {
  const global = conf.one('alias_file')
  const named = conf.all('alias_file_domain').map(({ value }) => value.path)
  const all = [...named, ...(global === undefined ? [] : [global])]
  return [...new Set(all.filter((file) => !isRedisTable(file)))]
}

function relayRules({ conf }: Configuration): RelayRule[] {
  const names = ['forward_from_ip', 'forward_from', 'relay_to'] as const
  return names.flatMap((kind) =>
    conf.all(kind).map(({ value, at }) => ({ kind, text: value.text, matches: value.matches, at: formatLine(at) })),
  )
}

export function buildTables(
  configuration: Configuration,
  domains: ReadonlyMap<string, LocalDomain>,
  aliases: Tables['aliases'],
  forwardTables: readonly ForwardLookup[],
): Tables {
  const { conf, ini, mapPath } = configuration
  const [main] = conf.all('host_domain')
  const sysadmin = conf.one('sysadmin')
  const dropMax = conf.one('drop_max')
  if (main === undefined || sysadmin === undefined) throw new Error('a required setting is missing')
  const forwards = conf.all('forward').map((setting) => ({ setting, keepsOriginal: false }))
  const copies = conf.all('forward_cc').map((setting) => ({ setting, keepsOriginal: true }))
  return {
    mainDomain: main.value,
    localDomains: domains,
    naming: {
      separator: conf.one('vdomain_separator'),
      authentDomain: conf.one('authent_domain'),
      dropPrefix: conf.one('drop_prefix'),
    },
    forwards: withForwardTables(
      forwardTable(
        [...forwards, ...copies].map(({ setting, keepsOriginal }) => ({
          pattern: setting.value.pattern,
          destination: setting.value.destination,
          keepsOriginal,
          at: { file: setting.at.file, line: setting.at.line },
        })),
      ),
      forwardTables,
    ),
    aliases,
    gateways: gatewayTable(
      conf.all('gateway').map(({ value, at }) => ({ ...value, at: { file: at.file, line: at.line } })),
    ),
    relayRules: relayRules(configuration),
    legacyOpen: ini.relay.legacyOpen,
    sysadmin,
    usesDotForward: conf.one('authent_method') === 'unix_user' && !conf.one('no_dotforward'),
    rematchForwards: ini.routing.rematchForwards,
    plusAddress: ini.routing.plusAddress,
    robotUserRoots: ini.robot.userRoots,
    fileUserRoots: ini.file.userRoots,
    dropRoots: dropRoots(configuration),
    dropMax: dropMax === undefined ? undefined : dropMax * 1024,
    mapPath,
  }
}
