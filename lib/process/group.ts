/** Longest wait a timer of Node can express, in milliseconds. */
const MAX_TIMER = 2 ** 31 - 1

/** Sends a signal to all processes of a group; a group that is gone already is fine. */
export function signalGroup(leader: number, signal: 'SIGTERM' | 'SIGKILL'): void {
  try {
    process.kill(-leader, signal)
  } catch {
    // ESRCH: nobody is left. EPERM: what is left has become another user, and is out of our reach.
  }
}

export interface TimeLimit {
  isOver(): boolean
  /** Resolves when the group outlived even KILL by `graceMs`. */
  readonly abandoned: Promise<undefined>
  stop(): void
}

/** TERM to the group after `timeoutMs`, KILL `graceMs` later (D8), both in milliseconds. */
export function limitTime(leader: number, timeoutMs: number, graceMs: number): TimeLimit {
  let over = false
  let abandon: (nothing: undefined) => void = () => undefined
  const abandoned = new Promise<undefined>((resolve) => {
    abandon = resolve
  })
  let timer = setTimeout(
    () => {
      over = true
      signalGroup(leader, 'SIGTERM')
      timer = setTimeout(() => {
        signalGroup(leader, 'SIGKILL')
        timer = setTimeout(abandon, graceMs, undefined)
      }, graceMs)
    },
    Math.min(timeoutMs, MAX_TIMER),
  )
  return {
    isOver: () => over,
    abandoned,
    stop() {
      clearTimeout(timer)
    },
  }
}
