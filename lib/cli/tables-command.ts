import type { Command } from 'commander'
import { common } from './options.js'
import { diffCommand, exportCommand, importCommand, type ImportFlags } from './tables.js'
import type { ServerOptions } from './server.js'
import type { Exit, Terminal } from './terminal.js'

/** Adds `dmail tables` and its commands; `run` takes their exit code. */
export function addTables(program: Command, terminal: Terminal, run: (exit: Promise<Exit>) => Promise<void>): void {
  const tables = program
    .command('tables')
    .summary('carry tables between alias files and Redis')
    .description('Carries tables of aliases and forwards between alias files and Redis, and compares them.')

  common(tables.command('import'))
    .argument('<file>', 'an alias file')
    .argument('<table>', 'redis:NAME, as in dmail.conf')
    .summary('put an alias file into Redis')
    .description(
      'Puts the entries of an alias file into a table in Redis, in the place of all that was there, at once. With an error in the ' +
        'file nothing is done. Running servers see it within [cluster] table_cache.',
    )
    .option('--merge', 'add the entries to those that are there, and replace those of the same name', false)
    .action((file: string, table: string, options: ImportFlags) => run(importCommand(file, table, options, terminal)))

  common(tables.command('export'))
    .argument('<table>', 'redis:NAME, as in dmail.conf')
    .argument('[file]', 'the file to write, standard output if not given')
    .summary('write a table as an alias file')
    .description(
      'Writes a table in Redis as an alias file, in no order. A file that is there is replaced when all is written.',
    )
    .action((table: string, file: string | undefined, options: ServerOptions) =>
      run(exportCommand(table, file, options, terminal)),
    )

  common(tables.command('diff'))
    .argument('<file>', 'an alias file')
    .argument('<table>', 'redis:NAME, as in dmail.conf')
    .summary('show where an alias file and a table differ')
    .description(
      'Shows the entries that only the file has or that are others there (-), and those of the table (+). Exit 0 when both mean the ' +
        'same, 1 when not, 2 when the file cannot be used, 75 when Redis cannot be reached.',
    )
    .action((file: string, table: string, options: ServerOptions) => run(diffCommand(file, table, options, terminal)))
}
