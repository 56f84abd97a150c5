// After tsc: programs are made executable, and each line of config/plugins gets its folder. Haraka resolves the line
// `dmail/rcpt` to node_modules/haraka-plugin-dmail/rcpt/package.json.
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'

const { LINES } = createRequire(import.meta.url)('../dist/plugins/lines.js')
for (const line of LINES) {
  const folder = new URL(`../${line}/`, import.meta.url)
  mkdirSync(folder, { recursive: true })
  const manifest = { name: `haraka-plugin-dmail-${line}`, private: true, main: `../dist/plugins/${line}/index.js` }
  writeFileSync(new URL('package.json', folder), `${JSON.stringify(manifest, null, 2)}\n`)
}
for (const program of ['bin/dmail.js', 'bin/drespond.js', 'authent/file.js', 'authent/sql.js', 'authent/ldap.js'])
  chmodSync(new URL(`../dist/${program}`, import.meta.url), 0o755)
