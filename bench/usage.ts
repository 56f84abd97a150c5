import { readdirSync, readFileSync } from 'node:fs'

const TICKS_PER_SECOND = 100

/** What processes used: CPU seconds since their start, with those of children that ended, and memory, added up: the most at a time and now. */
export interface Usage {
  readonly cpuSeconds: number
  readonly peakMegabytes: number
  readonly megabytes: number
}

/** Reads /proc; a process that is gone counts for nothing. */
export function usageOf(pids: readonly number[]): Usage {
  let cpuSeconds = 0
  let peakMegabytes = 0
  let megabytes = 0
  for (const pid of pids) {
    try {
      const stat = readFileSync(`/proc/${pid}/stat`, 'latin1')
      const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
      cpuSeconds += [11, 12, 13, 14].reduce((sum, at) => sum + Number(fields[at]), 0) / TICKS_PER_SECOND
      const status = readFileSync(`/proc/${pid}/status`, 'latin1')
      const kilobytes = (field: string): number =>
        Number(new RegExp(`^${field}:\\s*(\\d+) kB`, 'm').exec(status)?.[1] ?? 0)
      peakMegabytes += kilobytes('VmHWM') / 1024
      megabytes += kilobytes('VmRSS') / 1024
    } catch {
      // It ended meanwhile.
    }
  }
  return { cpuSeconds, peakMegabytes, megabytes }
}

/** All descendants of a process, and itself. */
export function familyOf(leader: number): number[] {
  const parents = new Map<number, number>()
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue
    try {
      const stat = readFileSync(`/proc/${name}/stat`, 'latin1')
      parents.set(Number(name), Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]))
    } catch {
      // It ended meanwhile.
    }
  }
  const family = [leader]
  for (const pid of family) for (const [child, parent] of parents) if (parent === pid) family.push(child)
  return family
}
