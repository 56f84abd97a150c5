import type { Command } from 'commander'
import { adoptCommand, type AdoptOptions } from './adopt.js'
import { common, overNodes } from './options.js'
import { queueAction, queueList, queueShow } from './queue.js'
import type { Action } from '../text/queue.js'
import { complain, type ServerOptions } from './server.js'
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

/** Adds `dmail queue` and its commands; `run` takes their exit code. */
export function addQueue(program: Command, terminal: Terminal, run: (exit: Promise<Exit>) => Promise<void>): void {
  // The options are those of `queue` itself too: `dmail queue -c DIR list`.
  const queue = overNodes(common(program.command('queue')))
    .argument('[filter...]', 'which messages')
    .summary('show, try, hold and drop the messages that wait')
    .description(`Shows the messages that wait, and what is done about them. ${FILTER}`)
    .action((filter: string[], options: ServerOptions) => run(listUnlessTypo(filter, options, terminal)))

  overNodes(common(queue.command('list')))
    .argument('[filter...]', 'which messages, all if not given')
    .summary('show messages, when they are tried next and why they wait')
    .description(`Shows messages, when they are tried next and why they wait. ${FILTER}`)
    .action((filter: string[], _: unknown, command: Command) =>
      run(queueList(filter, command.optsWithGlobals<ServerOptions>(), terminal)),
    )

  overNodes(common(queue.command('show')))
    .argument('<id>', 'as in the list, or the id of a message in the log')
    .summary('show everything about one message')
    .description('Shows the envelope, the state and the headers of one message.')
    .action((id: string, _: unknown, command: Command) =>
      run(queueShow(id, command.optsWithGlobals<ServerOptions>(), terminal)),
    )

  addAdopt(queue, terminal, run)
  for (const action of ['send', 'hold', 'release', 'drop'] as const) {
    const { summary, more } = ACTIONS[action]
    overNodes(common(queue.command(action)))
      .argument('[filter...]', 'which messages')
      .summary(summary)
      .description(`${more} ${FILTER}`)
      .action((filter: string[], _: unknown, command: Command) =>
        run(queueAction(action, filter, command.optsWithGlobals<ServerOptions>(), terminal)),
      )
  }
}

function addAdopt(queue: Command, terminal: Terminal, run: (exit: Promise<Exit>) => Promise<void>): void {
  common(queue.command('adopt'))
    .argument('<dir>', 'the queue directory of the node, or its Haraka directory')
    .summary('take over the queue of a node that is dead')
    .description(
      'Takes over the mail that waits in the queue of a Haraka that is dead, each message once, with its age, its tries and its hold. ' +
        'It refuses while that one lives.',
    )
    .option('--force', 'also where nobody can tell whether it lives: you are sure that it does not')
    .action((dir: string, _: unknown, command: Command) =>
      run(adoptCommand(dir, command.optsWithGlobals<AdoptOptions>(), terminal)),
    )
}

/** `dmail queue [FILTER...]` is `dmail queue list`. No id is as short as the name of a command. */
async function listUnlessTypo(filter: readonly string[], options: ServerOptions, terminal: Terminal): Promise<Exit> {
  const [first = ''] = filter
  if (first === 'all' || !/^[a-z]{1,12}$/i.test(first)) return await queueList(filter, options, terminal)
  complain(terminal, `queue has no command ${first}: they are list, show, send, hold, release, drop and adopt`)
  return EXIT.usage
}
