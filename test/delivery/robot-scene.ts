import { chmod, readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { runRobot, type RobotSpec } from '../../lib/delivery/robot.js'
import type { MessageSource, Outcome } from '../../lib/delivery/types.js'
import { ENVELOPE, inTemporaryDirectory, messageOf } from './helpers.js'

export const MESSAGE = messageOf('Subject: hello\r\n\r\nFrom me\r\n.\r\n')
/** More than any pipe holds. */
export const LONG = Buffer.alloc(5_000_000, 'line\r\n')

export interface Scene {
  readonly directory: string
  /** Writes a program and returns its path; `script` is run by sh or, with `node`, by Node. */
  readonly program: (name: string, script: string, interpreter?: 'sh' | 'node') => Promise<string>
  readonly run: (argv: RobotSpec['argv'], message?: MessageSource, spec?: Partial<RobotSpec>) => Promise<Outcome>
  readonly out: () => Promise<string>
}

/** A test with a directory of its own, in which robots can be made and run. */
export function scene(test: (scene: Scene) => Promise<void>): () => Promise<void> {
  return () =>
    inTemporaryDirectory(async (directory) => {
      const base: Omit<RobotSpec, 'argv'> = {
        path: [directory],
        cwd: directory,
        user: { uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0, home: '/home/robot' },
        timeoutMs: 60_000,
        unixfrom: false,
        exitStatus: 'sysexits',
        now: () => new Date(1999, 0, 5, 16, 41, 58),
      }
      await test({
        directory,
        async program(name, script, interpreter = 'sh') {
          const file = path.join(directory, name)
          await writeFile(file, `#!${interpreter === 'sh' ? '/bin/sh' : process.execPath}\n${script}\n`)
          await chmod(file, 0o755)
          return file
        },
        run: (argv, message = MESSAGE, spec = {}) => runRobot({ ...base, ...spec, argv }, message, ENVELOPE),
        out: () => readFile(path.join(directory, 'out'), 'utf8'),
      })
    })
}

export function textOf(outcome: Outcome): string {
  return outcome.state === 'delivered' ? '' : outcome.text
}
