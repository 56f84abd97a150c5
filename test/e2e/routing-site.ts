import type { Haraka, HarakaVersion } from '../support/haraka.js'
import { startNextHop, type NextHop } from '../support/next-hop.js'
import { makeRobots, type Robots } from './robots.js'
import { makeSite, siteConf, startSite, users, type Site } from './site.js'

/** A site that uses every way of redirection, a virtual domain, gateways and every rule of access. */
export interface RoutingSite {
  readonly site: Site
  readonly robots: Robots
  readonly nextHop: NextHop
  readonly haraka: Haraka
  close(): Promise<void>
}

export async function startRoutingSite(version: HarakaVersion): Promise<RoutingSite> {
  const site = makeSite()
  const robots = makeRobots(site)
  const nextHop = await startNextHop()
  site.write(
    'users.txt',
    users(
      ...['bob', 'fred', 'john', 'kate', 'mary', 'susan', 'info', 'team', 'sales', 'shop_anna', 'shop_eva'],
      'paul fwd="john@domain1.com"',
      'tom fwd="$user,john@domain1.com"',
      'rita fwd="$user,john@domain1.com"',
      'ulla fwd="john@domain1.com"',
      `vera fwd="|${robots.program('vera')}"`,
    ),
  )
  site.write('aliases.txt', 'support: bob, anna@shop.example.com\nkate: $user, john\nlist-*: mary\n')
  site.write('shop-aliases.txt', '*: anna\n')
  site.write('everywhere.txt', 'abuse: bob@domain1.com\nsupport: john@domain1.com\n')
  site.write('last.txt', 'webmaster: mary@domain1.com\n')
  site.write('in/susan.fwd', 'mary@domain1.com\n$user\n')
  site.write('in/rita.fwd', 'mary\n')
  site.write('in/ulla.fwd', 'mary\n')
  site.write('in/shop/shop_eva.fwd', 'anna\n')
  const haraka = await startSite(version, routingConf(site, robots, nextHop))
  return {
    site,
    robots,
    nextHop,
    haraka,
    close: async () => {
      await haraka.stop()
      await nextHop.close()
    },
  }
}

function routingConf(site: Site, robots: Robots, nextHop: NextHop): string {
  return siteConf(site, [
    'host_domain domain2.com',
    `vdomain shop @shop.example.com shop.example.com ${site.path('in/shop')}`,
    'forward info@domain1.com bob@domain1.com',
    'forward team@domain1.com bob@domain1.com',
    'forward team@domain1.com anna@shop.example.com',
    'forward_cc fred@domain1.com john@domain1.com',
    'forward sales@* bob@domain1.com',
    `forward archive@domain1.com ${site.path('files/archive.mbox')}`,
    'forward noreply@domain1.com /dev/nul',
    'forward away@domain1.com john@example.com',
    `forward help@domain1.com "|${robots.program('help')} --queue "first line" last"`,
    `alias_file_domain domain1.com ${site.path('aliases.txt')}`,
    `alias_file_domain shop.example.com ${site.path('shop-aliases.txt')}`,
    `alias_file_domain * ${site.path('everywhere.txt')}`,
    `alias_file ${site.path('last.txt')}`,
    `gateway example.com 127.0.0.1:${nextHop.port}`,
    `gateway *.example.com 127.0.0.1:${nextHop.port}`,
    'forward_from partner.example.com',
    'relay_to customer.example.com',
    'ban_ip 127.0.0.60-127.0.0.69',
    'ban_ip_except 127.0.0.65',
    'ban_mailfrom *@spam.example.com',
    'ban_rcptto secret@domain1.com',
    'max_rcpts 6',
  ])
}
