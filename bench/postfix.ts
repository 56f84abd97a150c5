import { execFileSync } from 'node:child_process'
import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { atExit } from '../test/support/cleanup.js'
import { freePort } from '../test/support/ports.js'
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
  const port = await freePort()
  const inside = (name: string): string => path.join(site, name)
  for (const name of ['conf', 'data', 'arrived/mail', 'arrived/robots']) mkdirSync(inside(name), { recursive: true })
  mkdirSync(inside('queue'), { recursive: true })
  execFileSync('chown', ['postfix', inside('data')])
  chmodSync(inside('arrived/mail'), 0o1777)
  chmodSync(inside('arrived/robots'), 0o777)
  writeFileSync(inside('robot.sh'), `#!/bin/sh\nexec cat > ${inside('arrived/robots')}/$$.eml\n`, { mode: 0o755 })
  chmodSync(inside('robot.sh'), 0o755)
  writeFileSync(inside('conf/aliases'), `${aliasLines(`"|${inside('robot.sh')}"`).join('\n')}\n`)
  writeFileSync(inside('conf/main.cf'), mainCf(site))
  writeFileSync(inside('conf/master.cf'), masterCf(port))
  postfix(site, 'postalias', [`hash:${inside('conf/aliases')}`])
  postfix(site, 'postfix', ['start'])
  const stop = (): void => {
    postfix(site, 'postfix', ['stop'])
  }
  const forget = atExit(stop)
  const master = await untilStarted(inside('queue/pid/master.pid'))
  return {
    name: 'postfix',
    port,
    domain: DOMAIN,
    mail: inside('arrived'),
    acknowledgesWhenStored: false,
    processes: () => familyOf(master),
    log: () => '',
    stop: () => {
      forget()
      stop()
      return Promise.resolve()
    },
  }
}

function postfix(site: string, program: string, args: readonly string[]): void {
  execFileSync(`/usr/sbin/${program}`, ['-c', path.join(site, 'conf'), ...args], {
    stdio: ['ignore', 'ignore', 'ignore'],
  })
}

async function untilStarted(pidFile: string): Promise<number> {
  for (let tries = 0; tries < 200; tries++) {
    const pid = existsSync(pidFile) ? Number(readFileSync(pidFile, 'utf8').trim()) : 0
    if (pid > 0) return pid
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
  throw new Error('Postfix did not start')
}

function mainCf(site: string): string {
  const settings = {
    compatibility_level: '3.6',
    queue_directory: path.join(site, 'queue'),
    data_directory: path.join(site, 'data'),
    command_directory: '/usr/sbin',
    daemon_directory: '/usr/lib/postfix/sbin',
    mail_owner: 'postfix',
    setgid_group: 'postdrop',
    myhostname: `bench.${DOMAIN}`,
    myorigin: DOMAIN,
    mydestination: DOMAIN,
    inet_interfaces: '127.0.0.1',
    inet_protocols: 'ipv4',
    mynetworks: '127.0.0.0/8',
    alias_maps: `hash:${path.join(site, 'conf/aliases')}`,
    alias_database: '',
    mail_spool_directory: `${path.join(site, 'arrived/mail')}/`,
    mailbox_delivery_lock: 'dotlock, fcntl',
    mailbox_size_limit: '0',
    disable_dns_lookups: 'yes',
    smtpd_peername_lookup: 'no',
    smtpd_client_connection_count_limit: '0',
    smtpd_client_connection_rate_limit: '0',
    smtputf8_enable: 'no',
    biff: 'no',
  }
  return Object.entries(settings)
    .map(([name, value]) => `${name} = ${value}\n`)
    .join('')
}

/** Debian's services without chroot; the port is ours. */
function masterCf(port: number): string {
  const service = (name: string, type: string, priv: string, wakeup: string, most: string, command: string): string =>
    // local(8) becomes the recipient, so it alone keeps its privileges.
    `${name} ${type} ${priv} ${name === 'local' ? 'n' : '-'} n ${wakeup} ${most} ${command}\n`
  return [
    service(`127.0.0.1:${port}`, 'inet', 'n', '-', '-', 'smtpd'),
    service('pickup', 'unix', 'n', '60', '1', 'pickup'),
    service('cleanup', 'unix', 'n', '-', '0', 'cleanup'),
    service('qmgr', 'unix', 'n', '300', '1', 'qmgr'),
    service('rewrite', 'unix', '-', '-', '-', 'trivial-rewrite'),
    service('bounce', 'unix', '-', '-', '0', 'bounce'),
    service('defer', 'unix', '-', '-', '0', 'bounce'),
    service('trace', 'unix', '-', '-', '0', 'bounce'),
    service('verify', 'unix', '-', '-', '1', 'verify'),
    service('proxymap', 'unix', '-', '-', '-', 'proxymap'),
    service('smtp', 'unix', '-', '-', '-', 'smtp'),
    service('error', 'unix', '-', '-', '-', 'error'),
    service('retry', 'unix', '-', '-', '-', 'error'),
    service('local', 'unix', '-', '-', '-', 'local'),
    service('anvil', 'unix', '-', '-', '1', 'anvil'),
    service('scache', 'unix', '-', '-', '1', 'scache'),
  ].join('')
}
