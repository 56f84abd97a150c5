import { chmodSync } from 'node:fs'
import { startHaraka, type Haraka, type HarakaOptions, type HarakaVersion } from '../support/haraka.js'
import { confOf, makeSite, siteOptions, type Site } from './site.js'

/** What the line protocol's `check` does with a password of this beginning: see MODULE. */
export const PASSWORD = 'Sesame-7'

export const base64 = (text: string): string => Buffer.from(text).toString('base64')
export const plainOf = (name: string, password: string, actAs = ''): string => base64(`${actAs}\0${name}\0${password}`)

export interface AuthSite {
  readonly site: Site
  readonly haraka: Haraka
  close(): Promise<void>
}

/**
 * Haraka whose users are ann and bob (password PASSWORD) and shop_eve of shop.example.com; users.log has the names the module was
 * asked to check. No client may relay by its address.
 */
export async function startAuthSite(
  version: HarakaVersion,
  { lines = [], ini = '', ...more }: { lines?: readonly string[]; ini?: string } & Partial<HarakaOptions> = {},
): Promise<AuthSite> {
  const site = makeSite()
  site.write('checked', '')
  const conf = confOf(site, [
    'authent_method external',
    `authent_process ${moduleOf(site)}`,
    `vdomain shop @login.example.com shop.example.com ${site.path('in/shop')}`,
    'forward_user true',
    ...lines,
  ])
  const options = siteOptions(version, conf, more)
  const config = options.config ?? {}
  const haraka = await startHaraka({
    ...options,
    config: { ...config, 'dmail.ini': `${config['dmail.ini'] ?? ''}\n[auth]\nfailure_delay=0s\n${ini}` },
  })
  return { site, haraka, close: () => haraka.stop() }
}

/** A module in POSIX sh. The user `away` is one whose data base is away, `slow` never gets an answer. */
function moduleOf(site: Site): string {
  site.write(
    'module',
    `#!/bin/sh
while read -r command name password rest; do
  [ "$command" = check ] && echo "$name" >>'${site.path('checked')}'
  case "$command $name" in
    exit*) exit 0 ;;
    'check away') echo "-DEAD cannot check $password" ;;
    'check slow') sleep 60 ;;
    'check ann'|'check bob'|'check shop_eve')
      if [ "$password" = '${PASSWORD}' ]; then echo "+OK $name config 0"; else echo "-ERR wrong $password"; fi ;;
    'lookup ann'|'lookup bob'|'lookup shop_eve') echo "+OK $name config 0" ;;
    *) echo '-ERR no such user' ;;
  esac
done
`,
  )
  chmodSync(site.path('module'), 0o755)
  return site.path('module')
}
