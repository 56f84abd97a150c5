import { Command, InvalidArgumentError, Option } from 'commander'
import { checkCommand, type CheckOptions } from './check.js'
import { configCommand } from './config.js'
import { initCommand } from './init.js'
import { addLegacy } from './legacy-command.js'
import { addMigrate } from './migrate-command.js'
import { common, overNodes } from './options.js'
import { addQueue } from './queue-command.js'
import { routeCommand, type RouteOptions } from './route.js'
import { addServerCommands } from './server-commands.js'
import { addTables } from './tables-command.js'
import type { ServerOptions } from './server.js'
import type { Exit, Terminal } from './terminal.js'

/** Takes the exit code of a command. */
export type Run = (exit: Promise<Exit>) => Promise<void>

/**
 * `dmail` with all its commands, as defined once: what they are called and take, and how they are explained in help and in
 * docs/command.md. `run` takes the exit code of the one that is carried out; `version` is what --version prints.
 */
export function buildProgram(terminal: Terminal, run: Run, version: string): Command {
  const program = new Command('dmail')
    .description('Routes, checks, sets up and steers the DMail suite for Haraka')
    .version(version)
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
    .option('--no-lookups', 'do not ask the user directory whether the targets of rules exist, nor tables in Redis')
    .action((options: CheckOptions) => run(checkCommand(options, terminal)))

  common(program.command('config'))
    .argument(
      '[setting]',
      'a setting of dmail.conf, or section.key of dmail.ini; all that are given a value if not given',
    )
    .summary('show what is in force of a setting, and where it is given')
    .description('Shows what is in force in the running server; where none runs, what the files say.')
    .action((setting: string | undefined, options: ServerOptions) => run(configCommand(setting, options, terminal)))

  overNodes(common(program.command('route')))
    .argument('<address>', 'a recipient as given at RCPT TO')
    .summary('show where mail for an address goes, and by which rules')
    .description(
      'Shows the rules that fire for an address and where its mail ends up. The running server decides, where there is one. The ' +
        'client is a stranger unless --ip, --from or --trusted says otherwise, which matters for addresses outside.',
    )
    .option('--ip <address>', 'the client connects from this IP address')
    .option('--from <address>', 'the envelope sender')
    .addOption(new Option('--trusted', 'the client may relay').default(false))
    .addOption(new Option('--files', 'decide from the files as they are now, whatever server runs').default(false))
    .action((address: string, options: RouteOptions & ServerOptions) => run(routeCommand(address, options, terminal)))

  program
    .command('init')
    .argument('<dir>', 'the Haraka directory to make')
    .summary('make a Haraka directory that is ready for mail on loopback')
    .description(
      'Makes a Haraka directory on loopback with a commented dmail.conf and a few sample users. Keeps files that exist.',
    )
    .addOption(new Option('--port <number>', 'SMTP port on 127.0.0.1').default(2525).argParser(portNumber))
    .addOption(new Option('--json', 'print the result as JSON').default(false))
    .action((dir: string, options: { readonly port: number; readonly json: boolean }) =>
      run(initCommand(dir, options, terminal)),
    )

  addMigrate(program, terminal, run)
  addQueue(program, terminal, run)
  addTables(program, terminal, run)
  addServerCommands(program, terminal, run)
  addLegacy(program, terminal, (args) => buildProgram(terminal, run, version).parseAsync(args, { from: 'user' }), run)
  return program
}

function portNumber(text: string): number {
  const port = Number(text)
  if (!Number.isInteger(port) || port < 1 || port > 65535) {
    throw new InvalidArgumentError('It is not a port number.')
  }
  return port
}
