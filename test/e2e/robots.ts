import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import type { Site } from './site.js'

/** One run of a robot, as it saw it. */
export interface RobotRun {
  /** Arguments behind the program's name. */
  readonly args: readonly string[]
  readonly env: Readonly<Record<string, string>>
  readonly stdin: Buffer
  /** The account's name. */
  readonly user: string
  readonly cwd: string
}

/** Robots of a site that write down what they are given. */
export interface Robots {
  /** Full path of a robot that takes the message and ends with the status of `setStatus`, 0 at first. */
  program(name: string): string
  /** The exit status of every later run of that robot. */
  setStatus(name: string, status: number): void
  /** Runs of that robot wait, the message taken, until `release`. */
  hold(name: string): void
  release(name: string): void
  /** Runs that wait so. */
  held(name: string): number
  /** Complete runs, in order. */
  runs(name: string): RobotRun[]
  /** How many runs of that robot have begun. */
  started(name: string): number
}

/** Makes robots below `robots/` of a site. */
export function makeRobots(site: Site): Robots {
  const home = (name: string): string => site.path(`robots/${name}.d`)
  function program(name: string): string {
    const file = site.path(`robots/${name}`)
    if (!existsSync(file)) {
      mkdirSync(home(name), { recursive: true })
      // Robots run as another account when the tests run as root.
      chmodSync(home(name), 0o777)
      site.write(`robots/${name}`, scriptOf(home(name)))
      chmodSync(file, 0o755)
      setStatus(name, 0)
      release(name)
    }
    return file
  }
  function setStatus(name: string, status: number): void {
    site.write(`robots/${name}.d/status`, `${status}\n`)
  }
  function release(name: string): void {
    site.write(`robots/${name}.d/go`, 'yes\n')
  }
  function folders(name: string, prefix: string): string[] {
    return readdirSync(home(name)).filter((entry) => entry.startsWith(prefix))
  }
  return {
    program,
    setStatus,
    release,
    hold: (name) => {
      site.write(`robots/${name}.d/go`, 'no\n')
    },
    held: (name) => folders(name, 'begun-').filter((run) => existsSync(path.join(home(name), run, 'held'))).length,
    started: (name) => folders(name, 'begun-').length,
    runs: (name) =>
      folders(name, 'run-')
        .sort()
        .map((folder) => readRun(path.join(home(name), folder))),
  }
}

/**
 * A robot in POSIX sh. Its environment is read from /proc (proc_pid_environ(5)), as it was when the program started: the
 * shell adds variables of its own. A run's folder gets its final name when all is written.
 */
function scriptOf(home: string): string {
  return `#!/bin/sh
home='${home}'
begun=$(mktemp -d "$home/begun-XXXXXX")
for arg; do printf '%s\\0' "$arg"; done > "$begun/args"
cat /proc/$$/environ > "$begun/env"
id -un > "$begun/user"
pwd > "$begun/cwd"
cat > "$begun/stdin"
while [ "$(cat "$home/go")" != yes ]; do : > "$begun/held"; sleep 0.05; done
rm -f "$begun/held"
status=$(cat "$home/status")
cp -r "$begun" "$home/part-$$"
mv "$home/part-$$" "$home/run-$(date +%s%N)"
exit "$status"
`
}

function readRun(folder: string): RobotRun {
  const text = (name: string): string => readFileSync(path.join(folder, name), 'utf8')
  const words = (name: string): string[] => text(name).split('\0').slice(0, -1)
  const env = words('env').map((word): [string, string] => {
    const at = word.indexOf('=')
    return [word.slice(0, at), word.slice(at + 1)]
  })
  return {
    args: words('args'),
    env: Object.fromEntries(env),
    stdin: readFileSync(path.join(folder, 'stdin')),
    user: text('user').trim(),
    cwd: text('cwd').trim(),
  }
}
