import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { lineSplitter } from '../../lib/directory/lines.js'
import { decodeLine, replyClass, REPLY_LIMIT } from '../../lib/directory/protocol.js'
import { within } from '../support/wait.js'

export interface ModuleProgram {
  readonly argv: readonly [string, ...string[]]
  readonly cwd?: string | undefined
  /** authent_timeout: how long one answer may take. */
  readonly timeoutMs?: number | undefined
}

/** A module under test, spoken to as the suite does, and worse. */
export interface ModuleSession {
  /** Writes bytes as they are. */
  write(bytes: string | Buffer): void
  /** The lines of the next answer: any number of +DATA, then the one that closes it. Throws for what is no answer. */
  answer(): Promise<string[]>
  /** Sends a command and gives the closing line of its answer. */
  ask(command: string): Promise<string>
  /** Closes its stdin. */
  end(): void
  /** Its exit status once it has ended, or the signal. */
  ended(): Promise<number | string>
  /** What it has said on stderr so far. */
  said(): string
  kill(): void
}

const TIMEOUT_MS = 10_000

export function startModule({ argv, cwd, timeoutMs = TIMEOUT_MS }: ModuleProgram): ModuleSession {
  const [program, ...args] = argv
  const child = spawn(program, args, { cwd, stdio: 'pipe' })
  const ended = once(child, 'close') as Promise<[number | null, NodeJS.Signals | null]>
  const lines: { readonly bytes: Buffer; readonly whole: boolean }[] = []
  let wake = (): void => undefined
  let over = false
  let said = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => (said += text))
  child.stdin.on('error', () => undefined)
  child.stdout.on(
    'data',
    lineSplitter(REPLY_LIMIT, (bytes, whole) => {
      lines.push({ bytes, whole })
      wake()
    }),
  )
  const finish = (): void => {
    over = true
    wake()
  }
  child.once('error', (error) => {
    said += error.message
    finish()
  })
  ended.then(finish, finish)

  async function nextLine(): Promise<string> {
    while (lines.length === 0) {
      assert.ok(!over, `the module ended instead of answering: ${said}`)
      await within(new Promise<void>((resolve) => (wake = resolve)), {
        timeoutMs,
        otherwise: () => `no answer; on stderr: ${said}`,
      })
    }
    const line = lines.shift()
    assert.ok(line?.whole, `a line of more than ${REPLY_LIMIT} bytes`)
    const text = decodeLine(line.bytes)
    assert.ok(text !== undefined, `a line with binary data: ${JSON.stringify(line.bytes.toString('latin1'))}`)
    assert.notEqual(replyClass(text), 'garbage', `"${text}" begins with none of +OK, -ERR, -DEAD, +DATA`)
    return text
  }

  async function answer(): Promise<string[]> {
    const all: string[] = []
    do all.push(await nextLine())
    while (replyClass(all.at(-1) ?? '') === 'data')
    return all
  }

  return {
    write: (bytes) => child.stdin.write(bytes),
    answer,
    async ask(command) {
      child.stdin.write(`${command}\n`)
      return (await answer()).at(-1) ?? ''
    },
    end: () => child.stdin.end(),
    async ended() {
      const [code, signal] = await within(ended, { timeoutMs, otherwise: () => 'the process goes on' })
      return code ?? signal ?? 'unknown'
    },
    said: () => said,
    kill: () => child.kill('SIGKILL'),
  }
}
