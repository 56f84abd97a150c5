import { rmSync } from 'node:fs'
import { lstat, mkdir, mkdtemp, readdir, rm, symlink, writeFile } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { isThere } from './find-prefixes.js'

const PACKAGE = path.join(__dirname, '../../..')
const NAME = 'haraka-plugin-dmail'

/** A directory that looks as the Haraka directory will: what is planned can be loaded and asked before anything is written. */
export interface Stage {
  readonly dir: string
  /** Writes planned files, the later over the earlier. */
  put(files: readonly { readonly name: string; readonly content: Buffer | string }[]): Promise<void>
  /** A text with the paths it will have in the Haraka directory. */
  settle(text: string): string
  remove(): Promise<void>
}

/** Everything else is reached by links into the Haraka directory, which are only read. */
export async function makeStage(directory: string): Promise<Stage> {
  const dir = await mkdtemp(path.join(os.tmpdir(), 'dmail-migrate-'))
  // A process may end before it is done: a reader of its output had seen enough.
  const clean = (): void => {
    rmSync(dir, { recursive: true, force: true })
  }
  process.once('exit', clean)
  await mkdir(path.join(dir, 'config'))
  await linkEntries(directory, dir)
  if (!(await isThere(path.join(dir, 'node_modules', NAME)))) await linkPackage(directory, dir)
  return {
    dir,
    put: async (files) => {
      const folders = new Set(['config'])
      for (const { name, content } of files) {
        if (!name.startsWith('config/')) continue
        const folder = path.dirname(name)
        folders.add(folder)
        await unlinked(path.join(dir, folder))
        await mkdir(path.join(dir, folder), { recursive: true })
        // What lies there may be a link, and is not to be written through.
        await rm(path.join(dir, name), { force: true })
        await writeFile(path.join(dir, name), content, { flag: 'wx' })
      }
      for (const folder of folders) await linkEntries(path.join(directory, folder), path.join(dir, folder))
    },
    settle: (text) => text.replaceAll(dir, directory),
    remove: async () => {
      process.off('exit', clean)
      await rm(dir, { recursive: true, force: true })
    },
  }
}

/** Takes a link away, so that a directory can be made in its place. */
async function unlinked(folder: string): Promise<void> {
  const found = await lstat(folder).catch(() => undefined)
  if (found?.isSymbolicLink() === true) await rm(folder)
}

async function linkEntries(from: string, to: string): Promise<void> {
  const there = new Set(await readdir(to))
  for (const name of await readdir(from).catch(() => [])) {
    if (!there.has(name)) await symlink(path.join(from, name), path.join(to, name))
  }
}

/** This package, for a directory in which it is not installed yet. */
async function linkPackage(directory: string, dir: string): Promise<void> {
  const modules = path.join(dir, 'node_modules')
  await rm(modules, { force: true })
  await mkdir(modules, { recursive: true })
  await symlink(PACKAGE, path.join(modules, NAME))
  await linkEntries(path.join(directory, 'node_modules'), modules)
}
