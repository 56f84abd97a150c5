import type { Command } from 'commander'
import { common } from './options.js'
import { complain, type ServerOptions } from './server.js'
import { fromLegacy, LEGACY_NAMES } from './tellsmtp.js'
import { EXIT, type Exit, type Terminal } from './terminal.js'

type LegacyOptions = ServerOptions & { readonly n?: string; readonly p?: string; readonly i?: string }

/** Adds `dmail tellsmtp`; `again` carries out the words of ours that it comes to. */
export function addLegacy(
  program: Command,
  terminal: Terminal,
  again: (args: readonly string[]) => Promise<unknown>,
  run: (exit: Promise<Exit>) => Promise<void>,
): void {
  const refuse = (text: string, ...hints: readonly string[]): Promise<void> => {
    complain(terminal, text, ...hints)
    return run(Promise.resolve(EXIT.usage))
  }
  common(program.command('tellsmtp'))
    .argument('<command>', LEGACY_NAMES.join(', '))
    .argument('[parameter...]', 'what it takes')
    .summary("carry out a command of DMail's tellsmtp")
    .description(
      "Takes the commands of DMail's tellsmtp by their old names, and says what became of those that are no more.",
    )
    .option('-n <ip>', 'of tellsmtp: not taken')
    .option('-p <port>', 'of tellsmtp: not taken')
    .option('-i <file>', 'of tellsmtp: not taken')
    .action(async (name: string, args: string[], { config, json, n, p, i }: LegacyOptions) => {
      if (n !== undefined || p !== undefined || i !== undefined) {
        await refuse('commands go to the server of a directory, not of a port or a dmail.conf', 'name it with -c DIR')
        return
      }
      const legacy = fromLegacy(name, args)
      if ('error' in legacy) {
        await refuse(legacy.error)
        return
      }
      const options = legacy.args[0]?.startsWith('--') === true ? [] : ['-c', config, ...(json ? ['--json'] : [])]
      await again([...legacy.args, ...options])
    })
}
