import { accessSync, constants } from 'node:fs'
import path from 'node:path'

/**
 * For the `skip` of a test that needs a program this package does not bring: the reason when it is not in PATH, false
 * when it is. .ci/run installs them.
 */
export function without(program: string): string | false {
  for (const folder of (process.env['PATH'] ?? '').split(path.delimiter)) {
    try {
      accessSync(path.join(folder, program), constants.X_OK)
      return false
    } catch {
      // Not in this folder.
    }
  }
  return `needs ${program}, which is not installed here`
}
