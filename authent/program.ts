import { errorText } from '../lib/error.js'
import { lineSplitter } from '../lib/directory/lines.js'
import { printable } from '../lib/log.js'
import { decodeLine } from '../lib/directory/protocol.js'
import { answerCommand, isChange, type AnswerOptions, type CommandAnswer } from './answer.js'
import { inOrder } from './in-order.js'
import type { UserSource } from './source.js'

export interface ProgramOptions extends Pick<AnswerOptions, 'validName'> {
  /** What is told on stderr beside faults: nothing, refused checks and changes, or each command. */
  readonly tell?: 'log' | 'debug' | undefined
}

const LONGEST_COMMAND = 16 * 1024
/** So many commands may wait before no more are read. */
const MOST_WAITING = 64
const CLOSE_MS = 2_000

/**
 * Speaks the line protocol of semantics 5 on stdin and stdout until `exit` or the end of stdin, and complains on stderr. Then
 * the process ends, also where a server does not answer any more.
 */
export function serve(source: UserSource, options: ProgramOptions = {}): void {
  const complaints = sayOnce()
  let ended = false
  const commands = inOrder<{ line: string | undefined; answer: CommandAnswer }>({
    width: source.width,
    alone: isChange,
    async answer(line) {
      return { line, answer: await answerCommand(line, source, { ...options, complain: complaints }) }
    },
    emit({ line, answer }) {
      if (ended) return
      process.stdout.write(`${answer.lines.join('\n')}\n`)
      tell(options.tell, line ?? '', answer.lines.at(-1) ?? '')
      if (answer.end) end()
    },
  })

  function end(): void {
    if (ended) return
    ended = true
    process.stdin.destroy()
    setTimeout(() => process.exit(), CLOSE_MS)
    source.close().then(
      () => process.exit(),
      () => process.exit(),
    )
  }

  const split = lineSplitter(LONGEST_COMMAND, (bytes, whole) => {
    // A line that is no text is an unknown command in its turn.
    commands.add((whole ? decodeLine(bytes) : undefined) ?? '')
  })
  process.stdin.on('data', (chunk: Buffer) => {
    split(chunk)
    if (commands.waiting() <= MOST_WAITING) return
    process.stdin.pause()
    commands.idle().then(
      () => process.stdin.resume(),
      () => undefined,
    )
  })
  process.stdin.on('end', () => {
    commands.idle().then(end, end)
  })
  process.stdin.on('error', end)
  // Nobody reads the answers any more.
  process.stdout.on('error', end)
  process.stderr.on('error', () => undefined)
}

/** Passwords are never told. */
function tell(what: ProgramOptions['tell'], line: string, reply: string): void {
  const refused = /^[ \t]*check[ \t]/i.test(line) && reply.startsWith('-ERR')
  if (what === undefined || (what === 'log' && !refused && !isChange(line))) return
  const shown = line.replace(/^([ \t]*(?:set|check)[ \t]+\S+[ \t]+)\S+/i, '$1***')
  process.stderr.write(`${printable(shown)}: ${printable(reply)}\n`)
}

/** A data base that is away fails with every look-up: the same complaint comes once a minute. */
function sayOnce(): (error: unknown) => void {
  const AGAIN_MS = 60_000
  let last: { readonly text: string; readonly at: number } | undefined
  return (error) => {
    const text = printable(errorText(error))
    if (last?.text === text && performance.now() - last.at < AGAIN_MS) return
    last = { text, at: performance.now() }
    process.stderr.write(`${text}\n`)
  }
}
