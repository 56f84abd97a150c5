// Runs the compiled tests: all, or those whose path under test/ contains one of the words given as arguments or in
// DMAIL_TEST_ONLY (comma list). Arguments starting with "--" go to `node --test`.
import { spawn } from 'node:child_process'
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { createRequire } from 'node:module'
import { availableParallelism, constants, tmpdir } from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'

// A file of end-to-end tests starts Haraka many times; one that takes longer than this hangs.
const FILE_TIMEOUT_MS = 15 * 60_000

const tests = fileURLToPath(new URL('../dist/test', import.meta.url))
const args = process.argv.slice(2)
const words = [
  ...args.filter((arg) => !arg.startsWith('--')),
  ...(process.env.DMAIL_TEST_ONLY ?? '').split(','),
].filter((word) => word !== '')
// Named one by one: Node 20 takes no patterns here.
const files = readdirSync(tests, { recursive: true })
  .filter((file) => file.endsWith('.test.js'))
  .filter((file) => words.length === 0 || words.some((word) => file.includes(word)))
  .sort()
if (files.length === 0) {
  process.stderr.write(`no test file under ${tests} matches ${words.join(', ')}\n`)
  process.exit(1)
}

const { installInto, INSTALLED_VARIABLE } = createRequire(import.meta.url)('../dist/test/support/install.js')
const installed = mkdtempSync(path.join(tmpdir(), 'dmail-installed-'))
process.once('exit', () => {
  rmSync(installed, { recursive: true, force: true })
})
await installInto(installed)

// End-to-end tests wait more than they compute: two at a time even on one core.
const concurrency = Math.max(2, availableParallelism())
const runner = spawn(
  process.execPath,
  [
    '--test',
    // Not only on a terminal: it tells at the end which tests failed, and why.
    '--test-reporter=spec',
    `--test-concurrency=${concurrency}`,
    `--test-timeout=${FILE_TIMEOUT_MS}`,
    ...args.filter((arg) => arg.startsWith('--')),
    ...files.map((file) => path.join(tests, file)),
  ],
  { stdio: 'inherit', env: { ...process.env, [INSTALLED_VARIABLE]: installed } },
)
// The runner ends its test files, and they their servers; then it ends and so does this.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => runner.kill(signal))
runner.once('error', (error) => {
  process.stderr.write(`cannot run the tests: ${error.message}\n`)
  process.exit(1)
})
runner.once('close', (code, signal) => {
  process.exit(signal === null ? code : 128 + constants.signals[signal])
})
