import { execFileSync } from 'node:child_process'
import path from 'node:path'
import { tempDir } from '../support/cleanup.js'

/** Files in PEM form. */
interface Certificate {
  readonly cert: string
  readonly key: string
}

/** A certificate for `name` that nobody has signed but itself, made by openssl(1) and gone at exit. */
function makeCertificate(name: string): Certificate {
  const dir = tempDir('certificate')
  const [cert, key] = [path.join(dir, 'cert.pem'), path.join(dir, 'key.pem')]
  const kind = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2']
  execFileSync('openssl', ['req', '-x509', ...kind, '-subj', `/CN=${name}`, '-keyout', key, '-out', cert], {
    stdio: 'pipe',
  })
  return { cert, key }
}

/** Settings of a Postfix that offers TLS under a name, with such a certificate. */
export function smtpdTls(name: string): Readonly<Record<string, string>> {
  const { cert, key } = makeCertificate(name)
  return {
    smtpd_tls_security_level: 'may',
    smtpd_tls_cert_file: cert,
    smtpd_tls_key_file: key,
    smtpd_tls_loglevel: '1',
  }
}
