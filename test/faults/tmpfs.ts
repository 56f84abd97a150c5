import { execFileSync } from 'node:child_process'
import { rmSync, statfsSync, unlinkSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { atExit } from '../support/cleanup.js'

/** A small file system over a directory. */
export interface SmallDisk {
  /** Leaves so many bytes free, or fewer by less than a block; the rest goes into a file of its own. */
  fill(free?: number): void
  /** Takes that file away again. */
  makeRoom(): void
  unmount(): void
}

/** No drop file: Site.holding leaves locks out. */
export const FILLER = '.filler.lock'

/** Mounts a tmpfs of `kib` KiB over `dir`; undefined where that is not permitted. */
export function mountSmallDisk(dir: string, kib: number): SmallDisk | undefined {
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${kib}k,mode=0755`, 'tmpfs', dir], { stdio: 'ignore' })
  } catch {
    return undefined
  }
  const filler = path.join(dir, FILLER)
  const unmount = (): void => {
    execFileSync('umount', [dir])
  }
  const forget = atExit(unmount)
  return {
    fill: (free = 0) => {
      rmSync(filler, { force: true })
      const { bavail, bsize } = statfsSync(dir)
      writeFileSync(filler, Buffer.alloc(Math.max(0, bavail * bsize - free), 'x'))
    },
    makeRoom: () => {
      unlinkSync(filler)
    },
    unmount: () => {
      forget()
      unmount()
    },
  }
}
