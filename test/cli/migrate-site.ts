import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { tempDir } from '../support/cleanup.js'
import type { MigrateReport } from '../../lib/migrate/report.js'
import { dmail, type Ran } from './support.js'

/** A small DMail site in a directory of its own, and a place beside it to migrate to. */
export interface SmallSite {
  readonly top: string
  readonly conf: string
  readonly dir: string
  /** Writes a file, by its path from the top; the folders it needs are made. */
  write(name: string, content: string | Buffer): void
  /** The bytes of a file as Latin-1, by its path from the top. */
  read(name: string): string
  /** `dmail migrate --from old/dmail.conf new --json ...`. */
  migrate(...more: readonly string[]): Promise<Ran & { readonly report: MigrateReport }>
  /** What is written for people; paths below the top begin with `TOP`. */
  print(...more: readonly string[]): Promise<Ran>
  /** Every file below the new directory, by its path from there. */
  written(): Map<string, string>
}

export const CONF = `# A small site
host_domain domain1.com
sysadmin bob@domain1.com
authent_method external
authent_process c:\\dmail\\nwauth.exe -path c:\\dmail
dsmtp_path c:\\dmail
drop_path c:\\dmail\\in
alias_file_domain domain1.com c:\\dmail\\aliases.txt
forward_from_ip 127.0.0.1
`

export function smallSite(conf = CONF): SmallSite {
  const top = tempDir('small-site')
  const write: SmallSite['write'] = (name, content) => {
    mkdirSync(path.dirname(path.join(top, name)), { recursive: true })
    writeFileSync(path.join(top, name), content)
  }
  write('old/dmail.conf', conf)
  write('old/aliases.txt', 'sales: bob, fred\n')
  write('old/nwauth.txt', 'bob:*x:\nfred:*x:fwd="$user,bob@domain1.com"\n')
  mkdirSync(path.join(top, 'old/in'))
  const dir = path.join(top, 'new')
  const from = path.join(top, 'old/dmail.conf')
  return {
    top,
    conf: from,
    dir,
    write,
    read: (name) => readFileSync(path.join(top, name), 'latin1'),
    migrate: async (...more) => {
      const ran = await dmail(['migrate', '--from', from, dir, '--json', ...more])
      return { ...ran, report: (ran.out === '' ? undefined : JSON.parse(ran.out)) as MigrateReport }
    },
    print: async (...more) => {
      const { exit, out, err } = await dmail(['migrate', '--from', from, dir, ...more])
      return { exit, out: out.replaceAll(top, 'TOP'), err: err.replaceAll(top, 'TOP') }
    },
    written: () => contents(dir, ''),
  }
}

function contents(root: string, folder: string): Map<string, string> {
  const found = new Map<string, string>()
  let entries
  try {
    entries = readdirSync(path.join(root, folder), { withFileTypes: true })
  } catch {
    return found
  }
  for (const entry of entries) {
    const name = path.join(folder, entry.name)
    if (entry.isDirectory()) for (const [inner, content] of contents(root, name)) found.set(inner, content)
    else found.set(name, readFileSync(path.join(root, name), 'latin1'))
  }
  return found
}
