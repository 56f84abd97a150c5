import { errorCode } from './error.js'

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
