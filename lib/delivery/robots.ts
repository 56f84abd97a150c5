import path from 'node:path'
import { errorText } from '../error.js'
import { startThread, type Thread } from '../thread.js'
import type { RobotAnswer, RobotQuestion } from './robot-thread.js'
import type { RobotSpec } from './robot.js'
import type { Envelope, MessageSource, Outcome } from './types.js'

let thread: Thread<RobotQuestion, RobotAnswer> | undefined

/**
 * Runs a robot (see `runRobot`) from a thread of its own: to start a process takes a millisecond or two in which nothing
 * else happens, which connections should not have to wait for.
 */
export async function runInThread(
  spec: Omit<RobotSpec, 'now' | 'warn'>,
  { body, size }: MessageSource,
  envelope: Envelope,
  warn: (text: string) => void,
): Promise<Outcome> {
  if (thread?.isAlive() !== true) thread = startThread(path.join(__dirname, 'robot-thread.js'))
  try {
    const { outcome, warnings } = await thread.ask({ spec, body, size, envelope })
    for (const warning of warnings) warn(warning)
    return outcome
  } catch (error) {
    // Whether it ran is not known; twice is better than never.
    const text = 'the program that handles this address was interrupted'
    return { state: 'deferred', status: '4.3.0', text, detail: `${spec.argv[0]}: ${errorText(error)}` }
  }
}
