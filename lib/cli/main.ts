import { Command, CommanderError, InvalidArgumentError, Option } from 'commander'
import { packageVersion } from '../version.js'
import { checkCommand, type CheckOptions } from './check.js'
import { initCommand } from './init.js'
import { addMigrate } from './migrate-command.js'
import { routeCommand, type RouteOptions } from './route.js'
import { addServerCommands, common } from './server-commands.js'
import { EXIT, type Exit, type Terminal } from './terminal.js'

interface CommonOptions {
  readonly config: string
  readonly json: boolean
}

/** Runs `dmail`; `argv` as in process.argv. Resolves to the exit code. */
export async function runCli(argv: readonly string[], terminal: Terminal): Promise<Exit> {
  let exit: Exit = EXIT.done
  const program = new Command('dmail')
    .description('Routes, checks, sets up and steers the DMail suite for Haraka')
    .version(packageVersion())
    .exitOverride()
    .configureOutput({
      writeOut: (text) => terminal.out.write(text),
      writeErr: (text) => terminal.err.write(text),
    })

  common(program.command('check'))
    .summary('show errors, warnings and what becomes of every setting')
    .description(
      'Reads config/dmail.conf, config/dmail.ini and every file they name, and says what is wrong with them.',
    )
    .option('--no-lookups', 'do not ask the user directory whether the targets of rules exist')
    .action(async (options: CheckOptions) => {
      exit = await checkCommand(options, terminal)
    })

  common(program.command('route'))
    .argument('<address>', 'a recipient as given at RCPT TO')
    .summary('show where mail for an address goes, and by which rules')
    .description(
      'Shows the rules that fire for an address and where its mail ends up. The client is a stranger unless --ip, ' +
        '--from or --trusted says otherwise, which matters for addresses outside.',
    )
    .option('--ip <address>', 'the client connects from this IP address')
    .option('--from <address>', 'the envelope sender')
    .option('--trusted', 'the client may relay', false)
    .action(async (address: string, options: RouteOptions & CommonOptions) => {
      exit = await routeCommand(address, options, terminal)
    })

  program
    .command('init')
    .argument('<dir>', 'the Haraka directory to make')
    .summary('make a Haraka directory that is ready for mail on loopback')
    .description(
      'Makes a Haraka directory on loopback with a commented dmail.conf and a few sample users. Keeps files that exist.',
    )
    .addOption(new Option('--port <number>', 'SMTP port on 127.0.0.1').default(2525).argParser(portNumber))
    .addOption(new Option('--json', 'print the result as JSON').default(false))
    .action(async (dir: string, options: { readonly port: number; readonly json: boolean }) => {
      exit = await initCommand(dir, options, terminal)
    })

  const run = async (done: Promise<Exit>): Promise<void> => {
    exit = await done
  }
  addMigrate(program, terminal, run)
  addServerCommands(program, terminal, run)

  try {
    await program.parseAsync(argv)
    return exit
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error
    return error.exitCode === 0 ? EXIT.done : EXIT.usage
  }
}

function portNumber(text: string): number {
  const port = Number(text)
  if (!Number.isInteger(port) || port < 1 || port > 65535) {
    throw new InvalidArgumentError('It is not a port number.')
  }
  return port
}
