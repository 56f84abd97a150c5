import { InvalidArgumentError, Option, type Command } from 'commander'
import type { MigrateOptions } from './migrate-job.js'
import { migrateCommand } from './migrate.js'
import { common } from './options.js'
import type { Exit, Terminal } from './terminal.js'

/** Adds `dmail migrate`; `run` takes its exit code. */
export function addMigrate(program: Command, terminal: Terminal, run: (exit: Promise<Exit>) => Promise<void>): void {
  common(program.command('migrate'))
    .argument('[dir]', 'the Haraka directory to write or complete, instead of -c')
    .summary("take over DMail's configuration, or compare two of ours")
    .description(
      'Reads a dmail.conf of DMail and all it names, and writes or completes a Haraka directory. Settings and comments that are ' +
        'there stay, what is changed is backed up, and the legacy files are never written. Done again it changes nothing.',
    )
    .option('--from <file>', 'the dmail.conf of DMail')
    .addOption(
      new Option('--map <prefix=dir>', "where paths of the old machine are on this one, e.g. 'c:\\dmail=/var/dmail'")
        .default([], 'found where its files lie beside the dmail.conf')
        .argParser((text: string, before: readonly string[]) => [...before, text]),
    )
    .addOption(new Option('--listen <address:port>', 'where Haraka listens (smtp.ini)').argParser(listenAddress))
    .option('--replace', 'write dmail.conf anew although it was changed by hand; a backup is kept', false)
    .option('--dry-run', 'write nothing, and show what would change', false)
    .option(
      '--verify [file]',
      'show where mail goes for the addresses of a file, a line each, or for all users and aliases',
    )
    .option(
      '--compare <dir>',
      'show the addresses whose mail goes elsewhere than by the configuration of another directory',
    )
    .action((dir: string | undefined, options: MigrateOptions) => run(migrateCommand(dir, options, terminal)))
}

function listenAddress(text: string): string {
  const [, port = ''] = /^(?:[\d.]+|\[[0-9a-fA-F:.]+\]):(\d{1,5})$/.exec(text) ?? []
  if (port === '' || Number(port) < 1 || Number(port) > 65535) {
    throw new InvalidArgumentError('Write it as 127.0.0.1:2525 or [::0]:25.')
  }
  return text
}
