import { CommanderError } from 'commander'
import { buildProgram } from './program.js'
import { packageVersion } from '../version.js'
import { EXIT, type Exit, type Terminal } from './terminal.js'

/** Runs `dmail`; `argv` as in process.argv. Resolves to the exit code. */
export async function runCli(argv: readonly string[], terminal: Terminal): Promise<Exit> {
  let exit: Exit = EXIT.done
  const take = async (done: Promise<Exit>): Promise<void> => {
    exit = await done
  }
  const program = buildProgram(terminal, take, packageVersion())
  try {
    await program.parseAsync(argv)
    return exit
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error
    return error.exitCode === 0 ? EXIT.done : EXIT.usage
  }
}
