// `npm run docs`: brings the pages of docs/ up to date (doc-pages.mjs). With --check nothing is written, and a page that is out of date is
// an error.
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { createRequire } from 'node:module'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { commandsByName } from './command-tables.mjs'
import { fillPages } from './doc-pages.mjs'

const require = createRequire(import.meta.url)
const root = fileURLToPath(new URL('..', import.meta.url))

const errors = fillPages(path.join(root, 'docs'), readTables(), process.argv.includes('--check'))
for (const error of errors) process.stderr.write(`${error}\n`)
process.exitCode = errors.length > 0 ? 1 : 0

/** SETTINGS, INI_KEYS, the commands and the replies, compiled from the sources as they are: a fresh clone has no dist/, an old one has another. */
function readTables() {
  const cache = path.join(root, 'node_modules/.cache')
  mkdirSync(cache, { recursive: true })
  const outDir = mkdtempSync(path.join(cache, 'settings-docs-'))
  try {
    const ts = require('typescript')
    const { config } = ts.readConfigFile(path.join(root, 'tsconfig.json'), ts.sys.readFile)
    const { options } = ts.parseJsonConfigFileContent({ ...config, include: [], files: [] }, ts.sys, root)
    const sources = ['conf/settings', 'conf/ini-keys', 'cli/program', 'reply', 'reply-help'].map((name) =>
      path.join(root, 'lib', `${name}.ts`),
    )
    // Other steps look for errors of types: here it takes no declarations of Node and of packages.
    const quick = { ...options, outDir, declaration: false, noCheck: true, noLib: true, types: [] }
    const host = ts.createCompilerHost(quick)
    host.resolveModuleNames = (names, from) =>
      names.map((name) =>
        name.startsWith('.') ? ts.resolveModuleName(name, from, quick, host).resolvedModule : undefined,
      )
    ts.createProgram(sources, quick, host).emit()
    const { SETTINGS } = require(path.join(outDir, 'lib/conf/settings.js'))
    const { INI_KEYS } = require(path.join(outDir, 'lib/conf/ini-keys.js'))
    const { buildProgram } = require(path.join(outDir, 'lib/cli/program.js'))
    const terminal = { out: process.stdout, err: process.stderr, env: {} }
    const commands = commandsByName(buildProgram(terminal, () => undefined, ''))
    const { REPLY_NAMES, reply, replyText } = require(path.join(outDir, 'lib/reply.js'))
    const { REPLY_HELP } = require(path.join(outDir, 'lib/reply-help.js'))
    const replies = { names: REPLY_NAMES, reply, replyText, help: REPLY_HELP }
    return { settings: SETTINGS, keys: INI_KEYS, commands, replies }
  } finally {
    rmSync(outDir, { recursive: true, force: true })
  }
}
