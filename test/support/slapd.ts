import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { CERTIFICATE } from './certificate.js'
import { tempDir } from './cleanup.js'
import { daemon, give, unprivileged, type Daemon } from './daemon.js'
import { freePort } from './ports.js'

const SLAPD = '/usr/sbin/slapd'
const SCHEMA = '/etc/ldap/schema'
const MODULES = '/usr/lib/ldap'

export const LDAP_BASE = 'ou=people,dc=example,dc=com'
/** Who may read everything, and the password. */
export const LDAP_ADMIN = { dn: 'cn=admin,dc=example,dc=com', password: 'directory secret' }

/** An OpenLDAP server of our own. */
export interface Slapd extends Daemon {
  /** Of ldap://, where StartTLS is offered. */
  readonly port: number
  /** Of ldaps://. */
  readonly securePort: number
  /** The certificate of the server, which is good for `localhost`. */
  readonly ca: string
}

/** For the `skip` of a test. */
export function withoutSlapd(): string | false {
  return existsSync(SLAPD) && existsSync(`${SCHEMA}/core.schema`) ? false : 'needs slapd, which is not installed here'
}

/** One entry below LDAP_BASE; values may be lists or bytes. */
export type LdapPerson = Readonly<Record<string, string | Buffer | readonly string[]>> & {
  readonly uid: string | readonly string[]
}

/** Starts a server on free ports of 127.0.0.1 with these people; all it has is removed at exit. */
export async function startSlapd(people: readonly LdapPerson[]): Promise<Slapd> {
  const dir = tempDir('slapd')
  const account = unprivileged('openldap', 'nobody')
  const inside = (name: string): string => path.join(dir, name)
  mkdirSync(inside('data'))
  writeFileSync(inside('cert.pem'), CERTIFICATE.cert)
  writeFileSync(inside('key.pem'), CERTIFICATE.key)
  writeFileSync(inside('slapd.conf'), configuration(dir))
  writeFileSync(inside('people.ldif'), ldif(people))
  for (const name of ['', 'data', 'cert.pem', 'key.pem', 'slapd.conf', 'people.ldif']) give(inside(name), account)
  execFileSync(SLAPD, ['-T', 'add', '-q', '-f', inside('slapd.conf'), '-l', inside('people.ldif')], {
    ...account,
    cwd: dir,
    stdio: 'pipe',
  })
  const port = await freePort()
  const securePort = await freePort()
  const server = daemon({
    name: 'slapd',
    // With -d it stays in the foreground.
    argv: [
      SLAPD,
      '-d',
      '0',
      '-f',
      inside('slapd.conf'),
      '-h',
      `ldap://127.0.0.1:${port} ldaps://127.0.0.1:${securePort}`,
    ],
    dir,
    port,
    account,
  })
  await server.start()
  return { ...server, port, securePort, ca: CERTIFICATE.cert }
}

function configuration(dir: string): string {
  return [
    ...['core', 'cosine', 'inetorgperson'].map((name) => `include ${SCHEMA}/${name}.schema`),
    `modulepath ${MODULES}`,
    'moduleload back_mdb',
    `pidfile ${dir}/slapd.pid`,
    `TLSCertificateFile ${dir}/cert.pem`,
    `TLSCertificateKeyFile ${dir}/key.pem`,
    'database mdb',
    'suffix "dc=example,dc=com"',
    `rootdn "${LDAP_ADMIN.dn}"`,
    `rootpw "${LDAP_ADMIN.password}"`,
    `directory ${dir}/data`,
    'index objectClass,uid eq',
    'access to attrs=userPassword by anonymous auth by * none',
    `access to * by dn="${LDAP_ADMIN.dn}" read by anonymous auth by * none`,
    '',
  ].join('\n')
}

function ldif(people: readonly LdapPerson[]): string {
  const entries = [
    ['dn: dc=example,dc=com', 'objectClass: dcObject', 'objectClass: organization', 'o: example', 'dc: example'],
    [`dn: ${LDAP_BASE}`, 'objectClass: organizationalUnit', 'ou: people'],
    ...people.map((person, n) => [
      `dn: employeeNumber=${n},${LDAP_BASE}`,
      'objectClass: inetOrgPerson',
      `employeeNumber: ${n}`,
      'cn: somebody',
      'sn: somebody',
      ...Object.entries(person).flatMap(([name, value]) =>
        (typeof value === 'string' || Buffer.isBuffer(value) ? [value] : value).map(
          (each) => `${name}:: ${Buffer.from(each).toString('base64')}`,
        ),
      ),
    ]),
  ]
  return entries.map((lines) => `${lines.join('\n')}\n`).join('\n')
}
