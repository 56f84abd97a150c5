import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { before, describe, it } from 'node:test'
import { promisify } from 'node:util'
import { tempDir } from '../support/cleanup.js'
import { HARAKA_VERSIONS, harakaEnvironment, harakaProgram } from '../support/haraka-dir.js'
import { installedPackage } from '../support/install.js'

const run = promisify(execFile)

const MADE_BY: readonly (readonly [string, (dir: string) => readonly string[]])[] = [
  ['init', (dir) => ['init', dir]],
  ['migrate', (dir) => ['migrate', '--from', legacyConf(), dir]],
]

/** A dmail.conf of DMail, on a directory of its own. */
function legacyConf(): string {
  const old = tempDir('help-legacy')
  const lines = ['host_domain domain1.com', 'sysadmin bob@domain1.com', 'authent_method unix_user', `drop_path ${old}`]
  writeFileSync(path.join(old, 'dmail.conf'), `${lines.join('\n')}\n`)
  return path.join(old, 'dmail.conf')
}

for (const [command, args] of MADE_BY) {
  describe(`a directory made by dmail ${command}`, () => {
    let dir = ''
    let readme = ''
    before(async () => {
      dir = tempDir('help')
      const installed = path.join(await installedPackage(), 'node_modules')
      await run(path.join(installed, '.bin/dmail'), args(dir))
      readme = readFileSync(path.join(installed, 'haraka-plugin-dmail/README.md'), 'utf8')
    })

    for (const version of HARAKA_VERSIONS) {
      it(`lets Haraka ${version} show the package's README with -h dmail`, async () => {
        const env = harakaEnvironment({ PAGER: 'cat' })
        const { stdout } = await run(process.execPath, [harakaProgram(version), '-c', dir, '-h', 'dmail'], { env })
        assert.ok(stdout.endsWith(readme), stdout)
      })
    }
  })
}
