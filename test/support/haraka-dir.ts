import { execFile } from 'node:child_process'
import { mkdirSync, renameSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { promisify } from 'node:util'
import { tempDir } from './cleanup.js'
import { installedPackage, linkPackage, packageRoot } from './install.js'

const run = promisify(execFile)

export type HarakaVersion = '3.3' | '3.1'
export const HARAKA_VERSIONS: readonly HarakaVersion[] = ['3.3', '3.1']

/** What a test's Haraka is made of. */
export interface HarakaOptions {
  readonly version: HarakaVersion
  /** The lines of config/plugins, and no others; at least one. */
  readonly plugins: readonly string[]
  /**
   * Files under config/. Text for smtp.ini is added below the lines of the harness (listen, nodes); a log.ini of a test
   * must let level notice through, by which the start is seen.
   */
  readonly config?: Readonly<Record<string, string>>
  /** Files relative to the Haraka directory. */
  readonly files?: Readonly<Record<string, string>>
  /** Added to the environment; undefined takes a variable out. */
  readonly env?: Readonly<Record<string, string | undefined>>
  /** Not given: smtp.ini says nothing, which means a master and one worker. 0: one process without cluster. */
  readonly nodes?: number
}

/** The program `haraka` of a version. */
export function harakaProgram(version: HarakaVersion): string {
  return path.join(packageRoot(), 'node_modules', `haraka-${version}`, 'bin', 'haraka')
}

/** A fresh Haraka directory as `haraka -i` makes it, with the installed package and the test's files; removed at exit. */
export async function makeHarakaDir(options: HarakaOptions): Promise<string> {
  // Haraka's logger.js keeps its lines back until a plugin is loaded.
  if (options.plugins.length === 0) throw new Error('Haraka needs at least one plugin to log anything')
  const installed = await installedPackage()
  const dir = tempDir('haraka')
  // A directory without what this writes (connection.ini) crashes at the first connection.
  await run(process.execPath, [harakaProgram(options.version), '-i', dir])
  linkPackage(installed, dir)
  writeInto(dir, 'config/me', 'mail.example.com\n')
  writeInto(dir, 'config/plugins', `${options.plugins.join('\n')}\n`)
  writeInto(dir, 'config/log.ini', '[main]\nlevel=debug\ntimestamps=true\n')
  for (const [name, content] of Object.entries(options.config ?? {})) writeInto(dir, path.join('config', name), content)
  for (const [name, content] of Object.entries(options.files ?? {})) writeInto(dir, name, content)
  return dir
}

/** Writes smtp.ini for a port: the one file that changes when a port turns out to be taken. */
export function writeSmtpIni(dir: string, port: number, { config, nodes }: HarakaOptions): void {
  const lines = [`listen=127.0.0.1:${port}`, ...(nodes === undefined ? [] : [`nodes=${nodes}`])]
  writeInto(dir, 'config/smtp.ini', `${lines.join('\n')}\n${config?.['smtp.ini'] ?? ''}`)
}

/** Writes a file of a Haraka directory, with the folders it needs. Whoever reads it meanwhile has all of the old one or of the new. */
export function writeInto(dir: string, relativePath: string, content: string): void {
  const file = path.join(dir, relativePath)
  mkdirSync(path.dirname(file), { recursive: true })
  writeFileSync(`${file}.new`, content)
  renameSync(`${file}.new`, file)
}

const RUNNER_VARIABLES = new Set(['NODE_TEST_CONTEXT', 'NODE_PATH', 'NODE_UNIQUE_ID', 'HARAKA'])

/** The environment Haraka runs in: this process's own, without what belongs to the test runner. */
export function harakaEnvironment(extra: HarakaOptions['env'] = {}): NodeJS.ProcessEnv {
  const own = Object.entries(process.env).filter(([name]) => !RUNNER_VARIABLES.has(name))
  return { ...Object.fromEntries(own), ...extra }
}
