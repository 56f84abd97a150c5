import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import type { TestContext } from 'node:test'
import { parseSettings, type ParsedConf } from '../../lib/conf/dmail-conf.js'
import { pathMapper } from '../../lib/conf/paths.js'
import { formatProblem, type Problem } from '../../lib/conf/problem.js'
import { scanText } from '../../lib/conf/scan-lines.js'

/** A directory with these files (path -> content), removed after the test. */
export function dirWith(t: TestContext, files: Readonly<Record<string, string | Buffer>>): string {
  const dir = mkdtempSync(path.join(tmpdir(), 'dmail-conf-'))
  t.after(() => {
    rmSync(dir, { recursive: true, force: true })
  })
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(path.dirname(path.join(dir, name)), { recursive: true })
    writeFileSync(path.join(dir, name), content)
  }
  return dir
}

/** The required settings; each is added below a text that does not have it, so that its line numbers stay. */
const REQUIRED = {
  host_domain: 'host_domain domain1.com',
  drop_path: 'drop_path /var/dmail/in',
  sysadmin: 'sysadmin postmaster@domain1.com',
}

export function complete(text: string): string {
  const missing = Object.entries(REQUIRED).filter(([name]) => !new RegExp(`^\\s*${name}\\b`, 'im').test(text))
  return [text, ...missing.map(([, line]) => line)].join('\n')
}

export const mapPath = pathMapper(new Map([['c:\\dmail', '/var/dmail']]), '/srv/haraka')

/** The settings of a text without includes, completed with the required ones. */
export function confOf(text: string): ParsedConf {
  const lines = [...scanText(complete(text), 'dmail.conf')]
  const settings = lines.filter((line) => line.kind === 'setting')
  const early = lines.filter((line) => line.kind === 'problem').map((line) => line.problem)
  const parsed = parseSettings(settings, mapPath, 'dmail.conf')
  return { ...parsed, problems: [...early, ...parsed.problems] }
}

/** `error dmail.conf:1:9: message (hint)`. */
export function shown(problems: readonly Problem[]): string[] {
  return problems.map((problem) => `${problem.severity} ${formatProblem(problem)}`)
}

/** The same without hints. */
export function brief(problems: readonly Problem[]): string[] {
  return shown(problems.map((problem) => ({ ...problem, hint: '' })))
}
