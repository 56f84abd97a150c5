import { readFileSync } from 'node:fs'
import { errorCode } from '../error.js'

/** Whether there is a process with this pid on this machine, whoever's it is. */
export function processExists(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    // EPERM: it lives and is another user's.
    return errorCode(error) !== 'ESRCH'
  }
}

/**
 * When a process of this machine began, in ticks since boot; undefined where the system does not tell. Field 22 of /proc/PID/stat;
 * the command name before it may hold blanks and brackets itself.
 */
export function beginOf(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1')
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19]
  } catch {
    return undefined
  }
}

/**
 * Whether the process that had this pid and began then is still there. One that began at another time is another: numbers come round,
 * in a container every server is number 1. `begun` is '' where it is not known.
 */
export function isSameProcess(pid: number, begun: string): boolean {
  if (!processExists(pid)) return false
  const now = beginOf(pid)
  return now === undefined || begun === '' || now === begun
}
