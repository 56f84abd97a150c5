import { chmodSync, existsSync, mkdirSync, readFileSync } from 'node:fs'
import type { Site } from '../e2e/site.js'

/** Robots of a site that misbehave, each with a folder of its own for what it notes. */
export interface BadRobots {
  /** Full path of the program. */
  readonly program: (name: string) => string
  /** What the robot noted under this name; undefined while it has not. */
  readonly noted: (robot: string, note: string) => string | undefined
  /** From now on the robot takes its message and ends well. */
  readonly mend: (name: string) => void
}

/** `$d` is the robot's folder. A note gets its name when it is complete. */
const NOTE = 'note() { printf %s "$2" > "$d/$1.part" && mv "$d/$1.part" "$d/$1"; }'

const SCRIPTS: Readonly<Record<string, string>> = {
  // Runs until it is asked to end.
  hangs: 'trap \'note term "$$"; exit 0\' TERM\nnote started "$$"\ncat > /dev/null\nwhile :; do sleep 0.1; done',
  // Neither it nor its child heeds TERM.
  stubborn:
    'trap "" TERM\nsh -c \'trap "" TERM; while :; do sleep 1; done\' &\nnote child "$!"\nnote started "$$"\nwhile :; do sleep 0.1; done',
  // Leaves a child behind that holds its output open.
  forks: 'sleep 1000 &\nnote child "$!"\ncat > /dev/null\nexit 0',
  floods: 'cat > /dev/null\nhead -c 100000000 /dev/zero | tr "\\0" x\nexit 1',
  closes: 'exec 0<&-\nexit 0',
  later: 'cat > /dev/null\nexit 75',
  exits: 'cat > /dev/null\nexit "$1"',
  // Some systems say so with a signal.
  crashes: 'cat > /dev/null\nkill -9 $$',
}

export function makeBadRobots(site: Site): BadRobots {
  const home = (name: string): string => site.path(`bad/${name}.d`)
  for (const [name, script] of Object.entries(SCRIPTS)) {
    mkdirSync(home(name), { recursive: true })
    // Robots run as another account when the tests run as root.
    chmodSync(home(name), 0o777)
    const mended = '[ -e "$d/mended" ] && { cat > "$d/taken-$$.part"; mv "$d/taken-$$.part" "$d/taken-$$"; exit 0; }'
    site.write(`bad/${name}`, `#!/bin/sh\nd='${home(name)}'\n${NOTE}\n${mended}\n${script}\n`)
    chmodSync(site.path(`bad/${name}`), 0o755)
  }
  site.write('bad/closed', '#!/bin/sh\nexit 0\n')
  return {
    program: (name) => site.path(`bad/${name}`),
    noted: (robot, note) => {
      const file = `${home(robot)}/${note}`
      return existsSync(file) ? readFileSync(file, 'utf8') : undefined
    },
    mend: (name) => {
      site.write(`bad/${name}.d/mended`, '')
    },
  }
}
