import { errorText } from '../lib/error.js'
import { ConfigError, isOpenToAll, readConfig, type Config } from './config.js'
import { serve } from './program.js'
import type { UserSource } from './source.js'

/**
 * A module that has its settings from an ini file: `<program> -config FILE [-log|-debug]`. With a configuration that cannot be
 * used it says so on stderr and ends with status 2.
 */
export function runConfigured(
  program: string,
  open: (config: Config, complain: (error: Error) => void) => UserSource,
): void {
  const argv = process.argv.slice(2)
  const tell = argv.includes('-debug') ? 'debug' : argv.includes('-log') ? 'log' : undefined
  const [option, file, ...rest] = argv.filter((arg) => arg !== '-debug' && arg !== '-log')
  if (option !== '-config' || file === undefined || rest.length > 0) {
    process.stderr.write(`usage: ${program} -config FILE [-log|-debug]\n`)
    process.exitCode = 2
    return
  }
  try {
    const source = open(readConfig(file), (error) => {
      process.stderr.write(`${errorText(error)}\n`)
    })
    if (isOpenToAll(file)) process.stderr.write(`${file} may hold a password and can be read by every account\n`)
    serve(source, { tell })
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error
    process.stderr.write(`${error.message}\n`)
    process.exitCode = 2
  }
}
