import { Command, CommanderError, InvalidArgumentError, Option } from 'commander'
import type { Readable } from 'node:stream'
import { parseAddress, type Address } from '../address.js'
import type { Terminal } from '../cli/terminal.js'
import { visible } from '../text/values.js'
import { parseDuration } from '../conf/forms.js'
import type { HostPort } from '../conf/value.js'
import { packageVersion } from '../version.js'
import { unknownFields } from './fill.js'
import { readHead } from './head.js'
import { respond, type Answer } from './respond.js'
import { DEFAULT_EVERY, type Author, type ReplySettings, type WrittenMoment } from './settings.js'
import { parseServer } from './smtp-server.js'
import { readAddresses, readAuthor, readEvery, readMoment } from './text-file.js'

/** Exit statuses of a robot (sysexits.h, D9): done, wrong use, try again, to be mended by the operator. */
export const EXIT = { done: 0, usage: 64, tempFail: 75, config: 78 } as const

export type Exit = (typeof EXIT)[keyof typeof EXIT]

/** Where a robot finds itself. */
export interface RobotTerminal extends Terminal {
  readonly stdin: Readable
  readonly now: () => number
  /** Ends what it does. */
  readonly signal: AbortSignal
}

interface Options {
  readonly config: string
  readonly text?: string
  readonly texts?: string
  readonly from?: Author
  readonly address: readonly string[]
  readonly start?: WrittenMoment
  readonly end?: WrittenMoment
  readonly every: number
  readonly memory: string
  readonly smtp?: HostPort
  readonly timeout: number
  readonly sender?: string
  readonly recipient?: string
  readonly dryRun: boolean
}

/** Runs `drespond`; `argv` as in process.argv. Resolves to the exit status. */
export async function runDrespond(argv: readonly string[], terminal: RobotTerminal): Promise<Exit> {
  const program = drespondProgram(terminal)
  try {
    program.parse(argv)
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error
    return error.exitCode === 0 ? EXIT.done : EXIT.usage
  }
  return answerOne(program.opts<Options>(), program.args[0], terminal)
}

/** The command's own definition. */
export function drespondProgram({ out, err }: Pick<Terminal, 'out' | 'err'>): Command {
  return new Command('drespond')
    .description(
      'Answers the message on standard input for the user it came to, once for each sender: a robot, run as "|drespond FILE". ' +
        'Sender and user are the variables SENDER and RECIPIENT.',
    )
    .argument('[file]', 'the text of the answer; the same as --text')
    .addOption(new Option('-c, --config <dir>', 'the Haraka directory').default('.'))
    .option('--text <file>', 'the text of the answer, for users who have none of their own')
    .option('--texts <dir>', "a directory with users' texts: bob@domain1.com.txt or bob.txt")
    .addOption(new Option('--from <address>', 'who the answer is from, "Name <address>"').argParser(via(readAuthor)))
    .addOption(
      new Option(
        '--address <list>',
        'more addresses of the user, *@domain1.com among them; may be there more than once',
      )
        .default([], 'none')
        .argParser((text, before: readonly string[]) => [...before, via(readAddresses)(text)]),
    )
    .addOption(new Option('--start <time>', 'no answers before that day or time').argParser(via(readMoment)))
    .addOption(new Option('--end <time>', 'no answers after that day or time').argParser(via(readMoment)))
    .addOption(
      new Option('--every <duration>', 'each sender is answered once in that time')
        .default(via(readEvery)(DEFAULT_EVERY), DEFAULT_EVERY)
        .argParser(via(readEvery)),
    )
    .option('--memory <dir>', 'the directory where it is kept who was answered', 'drespond')
    .addOption(
      new Option('--smtp <server>', 'host:port, or a port of this machine (default: by config/smtp.ini)').argParser(
        readServer,
      ),
    )
    .addOption(
      new Option('--timeout <duration>', 'how long the SMTP server may take')
        .default(30_000, '30s')
        .argParser(readTimeout),
    )
    .option('--sender <address>', 'the envelope sender, in place of SENDER')
    .option('--recipient <address>', 'the user, in place of RECIPIENT')
    .option('--dry-run', 'show the answer, or why there is none; send and remember nothing', false)
    .version(packageVersion())
    .exitOverride()
    .configureOutput({ writeOut: (text) => out.write(text), writeErr: (text) => err.write(text) })
}

async function answerOne(options: Options, file: string | undefined, terminal: RobotTerminal): Promise<Exit> {
  const { env, stdin, now, signal } = terminal
  const warn = (text: string): void => {
    terminal.err.write(`drespond: ${visible(text)}\n`)
  }
  const written = options.recipient ?? env['RECIPIENT']
  const recipient = written === undefined ? undefined : readUser(written)
  // All of the message is taken, whatever is wrong.
  const head = await readHead(stdin)
  if (recipient === undefined) {
    warn(written === undefined ? 'whom is it for? RECIPIENT is not set (--recipient)' : `${written} is no address`)
    return EXIT.usage
  }
  const text = options.text ?? file
  if (text === undefined && options.texts === undefined) {
    warn('there is no text: name a file, or a directory with --texts')
    return EXIT.usage
  }
  const answer = await respond(
    head,
    {
      harakaDir: options.config,
      sender: options.sender ?? env['SENDER'],
      recipient,
      text,
      texts: options.texts,
      from: options.from,
      addresses: options.address,
      start: options.start,
      end: options.end,
      everyMs: options.every,
      memory: options.memory,
      smtp: options.smtp,
      timeoutMs: options.timeout,
    },
    options.dryRun,
    { nowMs: now(), signal, warn },
  )
  return report(answer, terminal, warn)
}

function report(answer: Answer, { out }: Terminal, warn: (text: string) => void): Exit {
  switch (answer.done) {
    case 'sent':
      out.write(`answered ${visible(answer.reply.to)}: ${visible(answer.text)}\n`)
      return EXIT.done
    case 'shown':
      for (const text of strangeFields(answer.settings)) warn(`${text} is no field and stays as it is`)
      out.write(`would answer ${visible(answer.reply.to)}:\n\n${answer.reply.content.replaceAll('\r\n', '\n')}`)
      return EXIT.done
    case 'silent':
      out.write(`no answer: ${visible(answer.silence.text)}\n`)
      return EXIT.done
    case 'refused':
      warn(`no answer: ${answer.text}`)
      return EXIT.done
    case 'later':
      warn(answer.text)
      return EXIT.tempFail
    case 'setup':
      for (const fault of answer.faults) warn(fault)
      return EXIT.config
  }
}

function strangeFields({ subject, body }: ReplySettings): string[] {
  return unknownFields(`${subject}\n${body}`)
}

function readUser(text: string): Address | undefined {
  return /\p{Cc}/u.test(text) ? undefined : parseAddress(text)
}

/** A reader of the text file as one of commander's. */
function via<T>(read: (text: string) => { readonly value: T } | { readonly fault: string }): (text: string) => T {
  return (text) => {
    const result = read(text)
    if ('fault' in result) throw new InvalidArgumentError(result.fault)
    return result.value
  }
}

function readServer(text: string): HostPort {
  const server = parseServer(text)
  if (server === undefined) throw new InvalidArgumentError(`"${text}" is no server: write 127.0.0.1:2525 or 2525`)
  return server
}

function readTimeout(text: string): number {
  const ms = parseDuration(text)
  if (ms === undefined || ms === 0 || ms > 3_600_000)
    throw new InvalidArgumentError(`"${text}" is no time from 1s to 1h`)
  return ms
}
