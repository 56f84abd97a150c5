import { fork } from 'node:child_process'
import { once } from 'node:events'
import path from 'node:path'
import { atExit } from '../support/cleanup.js'
import { within } from '../support/wait.js'

/** Another process that has the lock of a drop file. */
export interface LockHolder {
  /** Gives the lock back and ends. */
  release(): Promise<void>
  /** Dies without giving it back. */
  die(): Promise<void>
}

/** Starts a process that takes the lock of `file` and touches it as a mail program that works does; resolves when it has it. */
export async function holdLock(file: string): Promise<LockHolder> {
  const child = fork(path.join(__dirname, 'fixtures', 'holder.js'), [file])
  const forget = atExit(() => child.kill('SIGKILL'))
  const ended = once(child, 'exit')
  const first = await within(Promise.race([once(child, 'message'), ended]), { otherwise: () => 'no lock was taken' })
  if (first[0] !== 'held') throw new Error(`the lock holder of ${file} ended with ${String(first[0])}`)
  async function end(): Promise<void> {
    await within(ended, { otherwise: () => 'the lock holder does not end' })
    forget()
  }
  return {
    release: async () => {
      child.send('release')
      await end()
    },
    die: async () => {
      child.kill('SIGKILL')
      await end()
    },
  }
}
