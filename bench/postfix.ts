import { execFileSync } from 'node:child_process'
import { chmodSync, existsSync, mkdirSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { startPostfix as startPrivatePostfix } from '../test/support/postfix.js'
import { aliasLines } from './cases.js'
import type { BenchServer } from './servers.js'
import { familyOf } from './usage.js'

const DOMAIN = 'domain1.com'

/** Installs Debian's Postfix where it is missing; needs root. The instance it would start itself is not wanted. */
export function installPostfix(): void {
  if (existsSync('/usr/sbin/postfix')) return
  const policy = '/usr/sbin/policy-rc.d'
  const guarded = !existsSync(policy)
  if (guarded) writeFileSync(policy, '#!/bin/sh\nexit 101\n', { mode: 0o755 })
  try {
    const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' }
    for (const args of [['update'], ['install', '-y', '--no-install-recommends', '--no-remove', 'postfix']]) {
      execFileSync('apt-get', ['-q', ...args], { env, stdio: 'ignore' })
    }
  } finally {
    if (guarded) execFileSync('rm', ['-f', policy])
  }
}

/**
 * A Postfix of our own on loopback, with Debian's limits: local(8) delivers to mbox files of system accounts, with
 * aliases, `.forward` and a pipe. It looks nothing up in the DNS and logs nowhere.
 */
export async function startPostfix(site: string): Promise<BenchServer> {
  const inside = (name: string): string => path.join(site, name)
  for (const name of ['arrived/mail', 'arrived/robots']) mkdirSync(inside(name), { recursive: true })
  chmodSync(inside('arrived/mail'), 0o1777)
  chmodSync(inside('arrived/robots'), 0o777)
  writeFileSync(inside('robot.sh'), `#!/bin/sh\nexec cat > ${inside('arrived/robots')}/$$.eml\n`, { mode: 0o755 })
  chmodSync(inside('robot.sh'), 0o755)
  const postfix = await startPrivatePostfix({
    dir: site,
    aliases: aliasLines(`"|${inside('robot.sh')}"`),
    settings: () => ({
      maillog_file: '',
      myhostname: `bench.${DOMAIN}`,
      myorigin: DOMAIN,
      mydestination: DOMAIN,
      mail_spool_directory: `${inside('arrived/mail')}/`,
      mailbox_delivery_lock: 'dotlock, fcntl',
      mailbox_size_limit: '0',
      smtputf8_enable: 'no',
      local_header_rewrite_clients: 'permit_inet_interfaces',
    }),
  })
  return {
    name: 'postfix',
    port: postfix.port,
    domain: DOMAIN,
    mail: inside('arrived'),
    acknowledgesWhenStored: false,
    processes: () => (postfix.pid === undefined ? [] : familyOf(postfix.pid)),
    log: () => '',
    stop: () => postfix.stop(),
  }
}
