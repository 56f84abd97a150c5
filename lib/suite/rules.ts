import { foldDomain } from '../address.js'
import type { LoginRules } from '../auth/login.js'
import { parseIp } from '../conf/ip-list.js'
import { formatLine } from '../conf/lines.js'
import type { Configuration } from '../conf/load.js'
import { foldDomainList } from '../conf/value-mail.js'
import type { Matcher } from '../conf/wildcard.js'
import type { DsnSettings } from '../dsn/make-report.js'
import type { Texts } from '../dsn/texts.js'
import { namedDomains, type EtrnRules } from '../etrn/permission.js'
import type { Suspension } from '../queue/suspensions.js'
import type { AccessRules } from '../routing/access.js'
import type { LocalDomain } from '../routing/domains.js'
import type { Tables } from '../routing/tables.js'

/* What the configuration says to everything but routing: access, logins, reports, suspensions, ETRN. */

export function buildDsn({ conf, ini }: Configuration, texts: Texts): DsnSettings {
  return {
    wholeMessage: conf.one('bounce_body'),
    maxBytes: conf.one('bounce_maxlen') * 1024,
    texts,
    successFrom: ini.dsn.successFrom.matches,
    doubleBounces: ini.dsn.doubleBounces,
    sysadmin: conf.one('sysadmin')?.text ?? '',
  }
}

/** Whose a login name is: the mail domains, and the `@suffix` or IP of the vdomain lines. */
export function buildLogins({ conf }: Configuration, { mainDomain, localDomains, naming }: Tables): LoginRules {
  const main = localDomains.get(mainDomain)
  if (main === undefined) throw new Error('the main domain is not local')
  const vdomains = conf.all('vdomain').flatMap(({ value: { login, domain } }) => {
    const found = localDomains.get(domain)
    return found === undefined ? [] : [{ login, domain: found }]
  })
  return {
    main,
    domains: new Map([
      ...vdomains.filter(({ login }) => login.startsWith('@')).map(suffixOf),
      // The address of a user is always a login name.
      ...localDomains,
    ]),
    byLocalIp: new Map(vdomains.map(({ login, domain }) => [parseIp(login)?.toString() ?? '', domain])),
    naming,
  }
}

function suffixOf({ login, domain }: { readonly login: string; readonly domain: LocalDomain }): [string, LocalDomain] {
  return [foldDomain(login.slice(1)), domain]
}

export function buildAccess({ conf, ini }: Configuration): AccessRules {
  return {
    bannedIp: anyOf(conf.all('ban_ip')),
    bannedIpExcept: anyOf(conf.all('ban_ip_except')),
    bannedSender: anyOf(conf.all('ban_mailfrom')),
    bannedRecipient: anyOf(conf.all('ban_rcptto')),
    maxRecipients: conf.one('max_rcpts'),
    maxMessages: conf.one('fromip_max'),
    maxMessagesMs: ini.access.fromipPeriod,
    anyMessages: anyOf(conf.all('fromip_nolimit')),
    tellsUsers: ini.access.vrfy,
  }
}

/** suspend_domain (Q2). */
export function buildSuspensions({ conf }: Configuration): Suspension[] {
  return conf.all('suspend_domain').map(({ value, at }) => ({ domain: foldDomainList(value.text), at: formatLine(at) }))
}

/** Who may send ETRN for which domain (Q6). */
export function buildEtrn(
  { conf, ini }: Pick<Configuration, 'conf' | 'ini'>,
  { gateways, localDomains }: Pick<Tables, 'gateways' | 'localDomains'>,
): EtrnRules {
  const lists = [...conf.all('suspend_domain'), ...conf.all('relay_to')].map(({ value }) => value.text)
  return { allow: ini.etrn.allow.matches, rate: ini.etrn.rate, named: namedDomains(lists), gateways, localDomains }
}

function anyOf(settings: readonly { readonly value: { readonly matches: Matcher } }[]): Matcher {
  return (text) => settings.some(({ value }) => value.matches(text))
}
