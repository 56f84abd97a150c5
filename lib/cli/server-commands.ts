import { InvalidArgumentError, Option, type Command } from 'commander'
import { clearCacheCommand } from './clear-cache.js'
import { etrnCommand } from './etrn.js'
import { etrnRemoteCommand } from './etrn-remote.js'
import { logCommand, logLevelCommand, type LogOptions } from './log.js'
import { common, overNodes } from './options.js'
import { reloadCommand } from './reload.js'
import { complain, type ServerOptions } from './server.js'
import { statusCommand } from './status.js'
import { resumeCommand, suspendCommand, type SuspendOptions } from './suspend.js'
import { EXIT, type Exit, type Terminal } from './terminal.js'

/** Adds the other commands that talk to the running server; `run` takes their exit code. */
export function addServerCommands(
  program: Command,
  terminal: Terminal,
  run: (exit: Promise<Exit>) => Promise<void>,
): void {
  overNodes(common(program.command('suspend')))
    .argument('<domain>', 'a domain, *.domain for its sub-domains, or *')
    .summary('keep mail for a domain back')
    .description(
      'Keeps mail for a domain in the queue until it is resumed, until its end, or for ETRN. It outlasts restarts. A second ' +
        'time for one domain changes reason and end.',
    )
    .option('--reason <text>', 'why, for those who look at the queue')
    .option('--until <time>', 'when it ends: 2026-12-24, 2026-12-24T18:00 (local time), or after 2h, 3d')
    .action((domain: string, options: SuspendOptions) => run(suspendCommand(domain, options, terminal)))

  overNodes(common(program.command('resume')))
    .argument('<domain>', 'as it was given to suspend')
    .summary('end a suspension')
    .description(
      'Ends what "dmail suspend" began; mail whose time has come is tried now. The lines suspend_domain of dmail.conf are not touched.',
    )
    .action((domain: string, options: ServerOptions) => run(resumeCommand(domain, options, terminal)))

  overNodes(common(program.command('etrn')))
    .argument('<domain...>', 'a domain, or @domain for its sub-domains as well; several with --remote')
    .summary('send what waits for a domain, or ask a provider for ours')
    .description(
      'Sends what waits for a domain, suspended or not, as if its server had asked with ETRN. What is held stays. With ' +
        '--remote it asks another server for the mail that it holds for us, and prints what it says.',
    )
    .option('--remote <host>', 'the server to ask: host, host:port or [IPv6 address]:port')
    .action((domains: readonly string[], options: EtrnOptions) => run(etrn(domains, options, terminal)))

  overNodes(common(program.command('status')))
    .summary('show the running server, its queue by domain, and suspensions')
    .description('Shows the running server, the mail in its queue by domain, what is suspended and why.')
    .action((options: ServerOptions) => run(statusCommand(options, terminal)))

  common(program.command('reload'))
    .summary('read the configuration anew, at once')
    .description(
      'Has every process read dmail.conf, dmail.ini and the files they name anew, and shows what is wrong with them. With an error ' +
        'the configuration before stays in force. A change is seen without it, some seconds later.',
    )
    .action((options: ServerOptions) => run(reloadCommand(options, terminal)))

  common(program.command('log'))
    .argument('[word...]', 'only lines in which all of these words are, in upper or lower case')
    .summary('follow the log')
    .description(
      "Shows the lines of Haraka's log as they come, of all processes, until it is interrupted. With --level it shows more than is " +
        'written, without writing more.',
    )
    .option('--level <level>', 'up to this level, such as info, debug or protocol')
    .addOption(new Option('-n, --lines <count>', 'end after so many lines').argParser(wholeNumber))
    .action((words: string[], options: LogOptions) => run(logCommand(words, options, terminal)))

  common(program.command('log-level'))
    .argument('[level]', 'data, protocol, debug, info, notice, warn, error, crit, alert or emerg')
    .summary('show or change how much is logged')
    .description(
      'Changes the level of the log in every process, until Haraka is started anew or config/log.ini changes, where the level of ' +
        'the next start is.',
    )
    .action((level: string | undefined, options: ServerOptions) => run(logLevelCommand(level, options, terminal)))

  common(program.command('clear-cache'))
    .summary('forget what is known of users')
    .description('Forgets the answers of the user directory, so that a change of a user counts with the next message.')
    .action((options: ServerOptions) => run(clearCacheCommand(options, terminal)))
}

type EtrnOptions = ServerOptions & { readonly remote?: string }

function etrn(domains: readonly string[], { remote, ...options }: EtrnOptions, terminal: Terminal): Promise<Exit> {
  if (remote !== undefined && (options.node !== undefined || options.all === true)) {
    complain(terminal, 'etrn --remote asks a server, not the nodes of a cluster: it takes neither --node nor --all')
    return Promise.resolve(EXIT.usage)
  }
  if (remote !== undefined) return etrnRemoteCommand(domains, { ...options, remote }, terminal)
  const [domain, ...more] = domains
  if (domain !== undefined && more.length === 0) return etrnCommand(domain, options, terminal)
  complain(terminal, 'etrn takes one domain at a time, several only with --remote')
  return Promise.resolve(EXIT.usage)
}

function wholeNumber(text: string): number {
  const number = Number(text)
  if (!Number.isInteger(number) || number < 1) throw new InvalidArgumentError('It is not a whole number.')
  return number
}
