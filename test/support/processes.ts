import { readdirSync, readFileSync } from 'node:fs'
import { until } from './wait.js'

/** A process, known by its start time as well: a pid alone may be somebody else's by the time it is killed. */
export interface ProcessRef {
  readonly pid: number
  readonly started: string
}

interface ProcessRow extends ProcessRef {
  readonly parent: number
  readonly group: number
}

/** All living processes, zombies left out; from /proc (proc_pid_stat(5)), so on Linux only. */
function processTable(): ProcessRow[] {
  const rows: ProcessRow[] = []
  for (const entry of readdirSync('/proc')) {
    if (!/^\d+$/.test(entry)) continue
    const row = readRow(Number(entry))
    if (row !== undefined) rows.push(row)
  }
  return rows
}

function readRow(pid: number): ProcessRow | undefined {
  let stat: string
  try {
    stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
  } catch {
    return undefined
  }
  // The program name (field 2) may contain blanks and parentheses: count from the last one.
  const [state, parent, group, ...rest] = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  // Field 22, the start time, is the 17th behind field 5.
  const started = rest[16]
  if (state === undefined || state === 'Z' || state === 'X' || started === undefined) return undefined
  return { pid, parent: Number(parent), group: Number(group), started }
}

/**
 * The living members of process group `leader`, and all descendants of those wherever they put themselves: robots have
 * groups of their own (D8).
 */
export function familyOf(leader: number): ProcessRef[] {
  const table = processTable()
  const family = new Map<number, ProcessRow>()
  for (const row of table) if (row.group === leader || row.pid === leader) family.set(row.pid, row)
  for (let before = -1; before !== family.size;) {
    before = family.size
    for (const row of table) if (family.has(row.parent)) family.set(row.pid, row)
  }
  return [...family.values()]
}

/** A living process by its pid. */
export function processRef(pid: number): ProcessRef | undefined {
  return readRow(pid)
}

/** The living children of a process. */
export function childrenOf(pid: number): ProcessRef[] {
  return processTable().filter(({ parent }) => parent === pid)
}

/** Whether every thread of a process is stopped: one that still runs may answer a question. A process that is gone is. */
export function isStopped(ref: ProcessRef): boolean {
  if (!isAlive(ref)) return true
  try {
    return readdirSync(`/proc/${ref.pid}/task`).every((thread) => {
      const stat = readFileSync(`/proc/${ref.pid}/task/${thread}/stat`, 'utf8')
      return stat.charAt(stat.lastIndexOf(')') + 2) === 'T'
    })
  } catch {
    return false
  }
}

/** Is this very process still there? */
export function isAlive({ pid, started }: ProcessRef): boolean {
  return readRow(pid)?.started === started
}

/** Sends a signal; a process that is gone already is no error. */
export function sendSignal(ref: ProcessRef, signal: NodeJS.Signals): void {
  if (!isAlive(ref)) return
  try {
    process.kill(ref.pid, signal)
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw error
  }
}

/** Waits until none of them is alive any more. */
export async function allGone(refs: () => readonly ProcessRef[], timeoutMs: number): Promise<void> {
  await until(() => !refs().some(isAlive), {
    timeoutMs,
    otherwise: () =>
      `still running: ${refs()
        .filter(isAlive)
        .map(({ pid }) => pid)
        .join(', ')}`,
  })
}
