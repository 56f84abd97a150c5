import { Option, type Command } from 'commander'

/** The options of every command that looks at a Haraka directory. */
export function common(command: Command): Command {
  return command
    .option('-c, --config <dir>', 'the Haraka directory', '.')
    .addOption(new Option('--json', 'print the result as JSON').default(false))
}
