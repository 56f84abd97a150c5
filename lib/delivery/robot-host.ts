import { serveParent } from '../process/helper.js'
import { runRobot, type RobotSpec } from './robot.js'
import { bodySource } from './source.js'
import type { Envelope, MessageBody, Outcome } from './types.js'

export interface RobotQuestion {
  readonly spec: Omit<RobotSpec, 'now' | 'warn'>
  readonly body: MessageBody
  readonly size: number
  readonly envelope: Envelope
}

export interface RobotAnswer {
  readonly outcome: Outcome
  readonly warnings: readonly string[]
}

serveParent(async ({ spec, body, size, envelope }: RobotQuestion): Promise<RobotAnswer> => {
  const warnings: string[] = []
  const warn = (text: string): void => {
    warnings.push(text)
  }
  const outcome = await runRobot({ ...spec, warn }, bodySource(body, size), envelope)
  return { outcome, warnings }
})
