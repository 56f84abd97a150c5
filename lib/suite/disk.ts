import path from 'node:path'
import { startThread, type Thread } from '../thread.js'
import type { DiskQuestion, DiskQuestions } from './disk-thread.js'

let thread: Thread<DiskQuestion, unknown> | undefined

/**
 * Asks a disk that may be another machine's, in a thread of its own: one that hangs holds up nothing else. Rejects when the
 * thread died.
 */
export async function askDisk<Name extends keyof DiskQuestions>(
  name: Name,
  ...asked: DiskQuestions[Name]['asked']
): Promise<DiskQuestions[Name]['answer']> {
  if (thread?.isAlive() !== true) thread = startThread(path.join(__dirname, 'disk-thread.js'))
  return (await thread.ask([name, ...asked] as unknown as DiskQuestion)) as DiskQuestions[Name]['answer']
}
