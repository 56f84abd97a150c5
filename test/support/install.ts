import { execFile } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { promisify } from 'node:util'
import { tempDir } from './cleanup.js'

const run = promisify(execFile)

export const PACKAGE = 'haraka-plugin-dmail'
/** Set by scripts/test.mjs, which installs once for all test files. */
export const INSTALLED_VARIABLE = 'DMAIL_TEST_INSTALLED'
const NPM_TIMEOUT_MS = 300_000

/** The folder of this package's own package.json, found from the compiled file upwards. */
export function packageRoot(): string {
  for (let dir = __dirname; ; dir = path.dirname(dir)) {
    if (nameIn(path.join(dir, 'package.json')) === PACKAGE) return dir
    if (dir === path.dirname(dir)) throw new Error(`${__dirname} is not inside ${PACKAGE}`)
  }
}

function nameIn(manifest: string): unknown {
  if (!existsSync(manifest)) return undefined
  const parsed: unknown = JSON.parse(readFileSync(manifest, 'utf8'))
  return typeof parsed === 'object' && parsed !== null && 'name' in parsed ? parsed.name : undefined
}

let installed: Promise<string> | undefined

/**
 * A directory whose node_modules holds this package as an operator gets it: packed, then installed from the tarball with
 * its production dependencies. Under scripts/test.mjs all test files share one; a test file run alone makes its own.
 */
export function installedPackage(): Promise<string> {
  const shared = process.env[INSTALLED_VARIABLE]
  installed ??= shared === undefined || shared === '' ? installInto(tempDir('installed')) : Promise.resolve(shared)
  return installed
}

/**
 * Packs what `npm run build` left and installs it into `dir`; returns `dir`. The package's own scripts do not run:
 * `prepack` would rebuild dist/ under the feet of the tests that run from it.
 */
export async function installInto(dir: string): Promise<string> {
  const root = packageRoot()
  const main = path.join(root, 'dist/plugins/dmail/index.js')
  if (!existsSync(main)) throw new Error(`${main} is missing: run "npm run build" first`)
  const packed = path.join(dir, 'packed')
  mkdirSync(packed, { recursive: true })
  const { stdout } = await npm(root, ['pack', '--ignore-scripts', '--silent', '--pack-destination', packed])
  const tarball = stdout.trim().split('\n').at(-1) ?? ''
  const manifest = { name: 'haraka_local', version: '0.0.1', private: true }
  writeFileSync(path.join(dir, 'package.json'), JSON.stringify(manifest))
  await npm(dir, [
    'install',
    '--prefer-offline',
    '--no-audit',
    '--no-fund',
    '--omit=dev',
    '--loglevel=error',
    path.join(packed, tarball),
  ])
  return dir
}

/** Makes the installed package, and its commands, visible in a Haraka directory. */
export function linkPackage(installedIn: string, harakaDir: string): void {
  mkdirSync(path.join(harakaDir, 'node_modules'), { recursive: true })
  // Links one by one: a test may put more packages into its own node_modules.
  for (const name of [PACKAGE, '.bin']) {
    const target = path.join(installedIn, 'node_modules', name)
    if (existsSync(target)) symlinkSync(target, path.join(harakaDir, 'node_modules', name))
  }
}

async function npm(cwd: string, args: readonly string[]): Promise<{ stdout: string }> {
  // npm hands its own settings to scripts as variables, `npm test --omit=...` included.
  const env = Object.fromEntries(
    Object.entries(process.env).filter(([name]) => !/^npm_(?:package|lifecycle)_/.test(name)),
  )
  try {
    return await run('npm', args, { cwd, env, timeout: NPM_TIMEOUT_MS, maxBuffer: 16 * 1024 * 1024 })
  } catch (error) {
    const output = error instanceof Error && 'stderr' in error ? String(error.stderr) : ''
    throw new Error(`npm ${args.join(' ')} failed in ${cwd}: ${String(error)}\n${output}`, { cause: error })
  }
}
