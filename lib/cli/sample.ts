import { readdir, readFile } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { iniTemplate } from '../conf/ini-template.js'

const PACKAGE = path.join(__dirname, '../../..')

/** The files of a new directory, as they stand in the package. */
const SAMPLE = path.join(PACKAGE, 'config/sample')

/** Files of the sample that do not go into config/. */
const ELSEWHERE = new Set(['README.md'])

/** The files of a Haraka directory on loopback, by their names from there. */
export async function sampleFiles(directory: string, port: number): Promise<Map<string, string>> {
  const fields: Record<string, string> = { dir: directory, port: String(port) }
  const files = new Map<string, string>()
  for (const name of (await readdir(SAMPLE)).sort()) {
    const text = await readFile(path.join(SAMPLE, name), 'utf8')
    const filled = text.replace(/\{\{(\w+)\}\}/g, (all, field: string) => fields[field] ?? all)
    files.set(ELSEWHERE.has(name) ? name : path.join('config', name), filled)
  }
  // D8: a server that is root needs another account for robots; every system has this one.
  files.set('config/dmail.ini', iniTemplate(process.getuid?.() === 0 ? { 'robot.user': 'nobody' } : {}))
  files.set('config/me', `${os.hostname()}\n`)
  // `haraka -c DIR -h dmail` looks here; what the package itself holds it finds only below Haraka's own folder.
  files.set('docs/plugins/dmail.md', await readFile(path.join(PACKAGE, 'README.md'), 'utf8'))
  files.set('package.json', `${JSON.stringify(manifest(), null, 2)}\n`)
  return files
}

/** What `npm install` in the new directory brings. */
function manifest(): object {
  return {
    name: 'mail-server',
    private: true,
    dependencies: { Haraka: '^3.3.4', 'haraka-plugin-dmail': '*' },
    overrides: { libmime: '5.4.3' },
  }
}
