import { readdirSync, readFileSync, statSync } from 'node:fs'
import path from 'node:path'
import type { Haraka } from '../support/haraka.js'
import { note } from '../e2e/site.js'

/** Lines of dmail.ini by section; `[robot] user` and what makes a test quick are there already. */
export type IniLines = Readonly<Partial<Record<'drop' | 'robot' | 'outbound', readonly string[]>>>

/** dmail.ini of a site on which faults are injected: waiting mail is tried again after a second. */
export function faultIni({ drop = [], robot = [], outbound = ['retry_interval=1s'] }: IniLines = {}): string {
  // Haraka as root needs an account for robots (D8).
  const user = process.getuid?.() === 0 ? ['user=nobody'] : []
  const sections = { main: ['reload_check=1s'], drop, robot: [...user, ...robot], outbound }
  return Object.entries(sections)
    .map(([name, lines]) => [`[${name}]`, ...lines, ''].join('\n'))
    .join('\n')
}

/** A message of about so many bytes that `Site.holding` finds by its subject; its lines begin with a dot. */
export function letter(subject: string, bytes = 100): string {
  return note(subject, `${'.x'.padEnd(77, 'y')}\n`.repeat(Math.ceil(bytes / 78)))
}

/** A file in queue/: JSON envelope, then the message. */
interface QueueFile {
  readonly name: string
  readonly text: string
}

/** The files in queue/ at one moment: one that is renamed or removed while they are read is looked for again. */
function queueNow(haraka: Haraka): QueueFile[] {
  for (;;) {
    try {
      return haraka
        .queueFiles()
        .map((name) => ({ name, text: readFileSync(path.join(haraka.dir, 'queue', name), 'latin1') }))
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'ENOENT')) throw error
    }
  }
}

/** The text of each file in queue/. */
export function queueTexts(haraka: Haraka): string[] {
  return queueNow(haraka).map(({ text }) => text)
}

/** Resolves when a queue file with this text has failed at least so often; its name says it (Haraka's outbound/qfile.js). */
export async function failedInQueue(haraka: Haraka, wanted: string, times = 1): Promise<void> {
  await haraka.waitFor(
    () => queueNow(haraka).some(({ name, text }) => Number(name.split('_')[2]) >= times && text.includes(wanted)),
    { watch: 'queue' },
  )
}

/** Everything in a directory, whatever its name begins with, sorted. */
export function entries(dir: string): string[] {
  return readdirSync(dir).sort()
}

/** The most memory a process ever had, in MiB (VmHWM of proc_pid_status(5)). */
export function peakMemory(pid: number): number {
  const [, kib] = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'latin1')) ?? []
  if (kib === undefined) throw new Error(`/proc/${pid}/status has no VmHWM`)
  return Number(kib) / 1024
}

/** The only worker. */
export function worker(haraka: Haraka): number {
  const [pid, ...others] = haraka.workers()
  if (pid === undefined || others.length > 0) throw new Error(`workers: ${haraka.workers().join(' ')}`)
  return pid
}

/** For the `skip` of a test that only root can do on this system. */
export const rootOnly = process.getuid?.() === 0 ? false : 'needs root'

/** True while the process with this number is there and no zombie. */
export function isRunning(pid: number): boolean {
  try {
    statSync(`/proc/${pid}`)
    return !/^State:\s+[ZX]/m.test(readFileSync(`/proc/${pid}/status`, 'latin1'))
  } catch {
    return false
  }
}
