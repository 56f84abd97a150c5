import path from 'node:path'
import { errorText } from '../error.js'
import { startHelper, type Helper } from '../process/helper.js'
import type { RobotAnswer, RobotQuestion } from './robot-host.js'
import type { RobotSpec } from './robot.js'
import type { Envelope, MessageSource, Outcome } from './types.js'

let host: Helper<RobotQuestion, RobotAnswer> | undefined

/**
 * Runs a robot (see `runRobot`) from a process of its own: to start one takes milliseconds in which nothing else happens, which
 * connections should not have to wait for, and the larger the process that starts it the more of them.
 */
export async function runInHost(
  spec: Omit<RobotSpec, 'now' | 'warn'>,
  { body, size }: MessageSource,
  envelope: Envelope,
  warn: (text: string) => void,
): Promise<Outcome> {
  try {
    if (host?.isAlive() !== true) host = startHelper(path.join(__dirname, 'robot-host.js'))
    const { outcome, warnings } = await host.ask({ spec, body, size, envelope })
    for (const warning of warnings) warn(warning)
    return outcome
  } catch (error) {
    // Whether it ran is not known; twice is better than never.
    const text = 'the program that handles this address was interrupted'
    return { state: 'deferred', status: '4.3.0', text, detail: `${spec.argv[0]}: ${errorText(error)}` }
  }
}
