// Haraka resolves the config/plugins line `dmail/rcpt` to
// node_modules/haraka-plugin-dmail/rcpt/package.json: one folder per line, made here from the list of lines.
import { mkdirSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'

const { LINES } = createRequire(import.meta.url)('../dist/plugins/lines.js')
for (const line of LINES) {
  const folder = new URL(`../${line}/`, import.meta.url)
  mkdirSync(folder, { recursive: true })
  const manifest = { name: `haraka-plugin-dmail-${line}`, private: true, main: `../dist/plugins/${line}/index.js` }
  writeFileSync(new URL('package.json', folder), `${JSON.stringify(manifest, null, 2)}\n`)
}
