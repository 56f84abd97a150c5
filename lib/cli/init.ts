import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { iniTemplate } from '../conf/ini-template.js'
import { EXIT, painter, printJson, type Exit, type Terminal } from './terminal.js'

const PACKAGE = path.join(__dirname, '../../..')

/** The files of a new directory, as they stand in the package. */
const SAMPLE = path.join(PACKAGE, 'config/sample')

/** Files of the sample that do not go into config/. */
const ELSEWHERE = new Set(['README.md'])

interface InitResult {
  readonly directory: string
  readonly port: number
  readonly written: readonly string[]
  readonly kept: readonly string[]
}

/** `dmail init DIR`: a Haraka directory on loopback, ready for mail. Files that exist are kept. */
export async function initCommand(
  dir: string,
  { port, json }: { readonly port: number; readonly json: boolean },
  terminal: Terminal,
): Promise<Exit> {
  const directory = path.resolve(dir)
  const written: string[] = []
  const kept: string[] = []
  for (const folder of ['config', 'docs/plugins', 'plugins', 'mail/shop', 'queue']) {
    await mkdir(path.join(directory, folder), { recursive: true, mode: 0o755 })
  }
  for (const [name, content] of await filesOf(directory, port)) {
    try {
      await writeFile(path.join(directory, name), content, { flag: 'wx' })
      written.push(name)
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
      kept.push(name)
    }
  }
  const result = { directory, port, written, kept }
  if (json) printJson(terminal, result)
  else printResult(result, terminal)
  return EXIT.done
}

async function filesOf(directory: string, port: number): Promise<Map<string, string>> {
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

function printResult({ directory, port, written, kept }: InitResult, terminal: Terminal): void {
  const paint = painter(terminal)
  const { out } = terminal
  out.write(`${paint('green', 'made')} ${directory}: ${written.length} files written, ${kept.length} kept\n`)
  for (const name of kept) out.write(`  ${paint('yellow', 'kept')} ${name}\n`)
  out.write(`mail to 127.0.0.1 port ${port} will land below ${path.join(directory, 'mail')}\n`)
  out.write(`next: read ${path.join(directory, 'README.md')}\n`)
}
