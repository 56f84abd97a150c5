import { Option, type Command } from 'commander'
import { clearCacheCommand } from './clear-cache.js'
import { etrnCommand } from './etrn.js'
import { etrnRemoteCommand } from './etrn-remote.js'
import { queueAction, queueList, queueShow } from './queue.js'
import type { Action } from './queue-text.js'
import { complain, type ServerOptions } from './server.js'
import { statusCommand } from './status.js'
import { resumeCommand, suspendCommand, type SuspendOptions } from './suspend.js'
import { EXIT, type Exit, type Terminal } from './terminal.js'

const FILTER =
  'FILTER is any of: an id, domain=, from=, to= (lists with commas and wildcards), older=2h, all. Words of different kinds must ' +
  'all hold, of one kind any.'

const ACTIONS: Record<Action, { readonly summary: string; readonly more: string }> = {
  send: { summary: 'try messages now', more: 'Tries messages now, suspended or not. Those that are held stay.' },
  hold: {
    summary: 'keep messages back',
    more: 'Keeps messages back: they are not tried, not by ETRN either, until they are released.',
  },
  release: {
    summary: 'end the hold of messages',
    more: 'Ends the hold of messages, and tries them now unless their domain is suspended.',
  },
  drop: {
    summary: 'remove messages for good',
    more: 'Removes messages for good. Nobody gets a report. One that is being sent stays.',
  },
}

/** Adds the commands that talk to the running server; `run` takes their exit code. */
export function addServerCommands(
  program: Command,
  terminal: Terminal,
  run: (exit: Promise<Exit>) => Promise<void>,
): void {
  addQueue(program, terminal, run)

  common(program.command('suspend'))
    .argument('<domain>', 'a domain, *.domain for its sub-domains, or *')
    .summary('keep mail for a domain back')
    .description(
      'Keeps mail for a domain in the queue until it is resumed, until its end, or for ETRN. It outlasts restarts. A second ' +
        'time for one domain changes reason and end.',
    )
    .option('--reason <text>', 'why, for those who look at the queue')
    .option('--until <time>', 'when it ends: 2026-12-24, 2026-12-24T18:00 (local time), or after 2h, 3d')
    .action((domain: string, options: SuspendOptions) => run(suspendCommand(domain, options, terminal)))

  common(program.command('resume'))
    .argument('<domain>', 'as it was given to suspend')
    .summary('end a suspension')
    .description(
      'Ends what "dmail suspend" began; mail whose time has come is tried now. The lines suspend_domain of dmail.conf are not touched.',
    )
    .action((domain: string, options: ServerOptions) => run(resumeCommand(domain, options, terminal)))

  common(program.command('etrn'))
    .argument('<domain...>', 'a domain, or @domain for its sub-domains as well; several with --remote')
    .summary('send what waits for a domain, or ask a provider for ours')
    .description(
      'Sends what waits for a domain, suspended or not, as if its server had asked with ETRN. What is held stays. With ' +
        '--remote it asks another server for the mail that it holds for us, and prints what it says.',
    )
    .option('--remote <host>', 'the server to ask: host, host:port or [IPv6 address]:port')
    .action((domains: readonly string[], options: EtrnOptions) => run(etrn(domains, options, terminal)))

  common(program.command('status'))
    .summary('show the running server, its queue by domain, and suspensions')
    .description('Shows the running server, the mail in its queue by domain, what is suspended and why.')
    .action((options: ServerOptions) => run(statusCommand(options, terminal)))

  common(program.command('clear-cache'))
    .summary('forget what is known of users')
    .description('Forgets the answers of the user directory, so that a change of a user counts with the next message.')
    .action((options: ServerOptions) => run(clearCacheCommand(options, terminal)))
}

type EtrnOptions = ServerOptions & { readonly remote?: string }

function etrn(domains: readonly string[], { remote, ...options }: EtrnOptions, terminal: Terminal): Promise<Exit> {
  if (remote !== undefined) return etrnRemoteCommand(domains, { ...options, remote }, terminal)
  const [domain, ...more] = domains
  if (domain !== undefined && more.length === 0) return etrnCommand(domain, options, terminal)
  complain(terminal, 'etrn takes one domain at a time, several only with --remote')
  return Promise.resolve(EXIT.usage)
}

function addQueue(program: Command, terminal: Terminal, run: (exit: Promise<Exit>) => Promise<void>): void {
  // The options are those of `queue` itself too: `dmail queue -c DIR list`.
  const queue = common(program.command('queue'))
    .argument('[filter...]', 'which messages')
    .summary('show, try, hold and drop the messages that wait')
    .description(`Shows the messages that wait, and what is done about them. ${FILTER}`)
    .action((filter: string[], options: ServerOptions) => run(listUnlessTypo(filter, options, terminal)))

  common(queue.command('list'))
    .argument('[filter...]', 'which messages, all if not given')
    .summary('show messages, when they are tried next and why they wait')
    .description(`Shows messages, when they are tried next and why they wait. ${FILTER}`)
    .action((filter: string[], _: unknown, command: Command) =>
      run(queueList(filter, command.optsWithGlobals<ServerOptions>(), terminal)),
    )

  common(queue.command('show'))
    .argument('<id>', 'as in the list, or the id of a message in the log')
    .summary('show everything about one message')
    .description('Shows the envelope, the state and the headers of one message.')
    .action((id: string, _: unknown, command: Command) =>
      run(queueShow(id, command.optsWithGlobals<ServerOptions>(), terminal)),
    )

  for (const action of ['send', 'hold', 'release', 'drop'] as const) {
    const { summary, more } = ACTIONS[action]
    common(queue.command(action))
      .argument('[filter...]', 'which messages')
      .summary(summary)
      .description(`${more} ${FILTER}`)
      .action((filter: string[], _: unknown, command: Command) =>
        run(queueAction(action, filter, command.optsWithGlobals<ServerOptions>(), terminal)),
      )
  }
}

/** `dmail queue [FILTER...]` is `dmail queue list`. No id is as short as the name of a command. */
async function listUnlessTypo(filter: readonly string[], options: ServerOptions, terminal: Terminal): Promise<Exit> {
  const [first = ''] = filter
  if (first === 'all' || !/^[a-z]{1,12}$/i.test(first)) return await queueList(filter, options, terminal)
  complain(terminal, `queue has no command ${first}: they are list, show, send, hold, release and drop`)
  return EXIT.usage
}

/** The options of every command that looks at a Haraka directory. */
export function common(command: Command): Command {
  return command
    .option('-c, --config <dir>', 'the Haraka directory', '.')
    .addOption(new Option('--json', 'print the result as JSON').default(false))
}
