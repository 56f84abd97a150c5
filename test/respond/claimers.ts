import { fork, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import path from 'node:path'

const SCRIPT = path.join(__dirname, 'fixtures/claimer.js')

/** Another process that claims these senders; resolves to those it got. */
export async function claimer(directory: string, senders: readonly string[]): Promise<string[]> {
  const child = fork(SCRIPT, [directory, ...senders], { execArgv: [] })
  const got = heard(child)
  await once(child, 'exit')
  return got
}

/** Starts so many processes, one after the other, and kills each in the middle of its work. Resolves to the claims that were confirmed. */
export async function killInClaims(directory: string, rounds: number): Promise<string[]> {
  const all: string[] = []
  for (let round = 0; round < rounds; round++) {
    const senders = Array.from({ length: 200 }, (_none, n) => `r${round}.${n}@example.com`)
    const child = fork(SCRIPT, [directory, ...senders], { execArgv: [] })
    const got = heard(child)
    const ended = once(child, 'exit')
    // Each round ends a little later: a kill meets each step some time. Several may be heard at once.
    child.on('message', () => {
      if (got.length > round) child.kill('SIGKILL')
    })
    await ended
    all.push(...got)
  }
  return all
}

function heard(child: ChildProcess): string[] {
  const got: string[] = []
  child.on('message', (sender: string) => got.push(sender))
  return got
}
