import { mkdir, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { sampleFiles } from './sample.js'
import { EXIT, painter, printJson, type Exit, type Terminal } from './terminal.js'

interface InitResult {
  readonly directory: string
  readonly port: number
  readonly written: readonly string[]
  readonly kept: readonly string[]
}

/** `dmail init DIR`: a Haraka directory on loopback, ready for mail. Files that exist are kept. */
export async function initCommand(
  dir: string,
  { port, json }: { readonly port: number; readonly json: boolean },
  terminal: Terminal,
): Promise<Exit> {
  const directory = path.resolve(dir)
  const written: string[] = []
  const kept: string[] = []
  for (const folder of ['config', 'docs/plugins', 'plugins', 'mail/shop', 'queue']) {
    await mkdir(path.join(directory, folder), { recursive: true, mode: 0o755 })
  }
  for (const [name, content] of await sampleFiles(directory, port)) {
    try {
      await writeFile(path.join(directory, name), content, { flag: 'wx' })
      written.push(name)
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
      kept.push(name)
    }
  }
  const result = { directory, port, written, kept }
  if (json) printJson(terminal, result)
  else printResult(result, terminal)
  return EXIT.done
}

function printResult({ directory, port, written, kept }: InitResult, terminal: Terminal): void {
  const paint = painter(terminal)
  const { out } = terminal
  out.write(`${paint('green', 'made')} ${directory}: ${written.length} files written, ${kept.length} kept\n`)
  for (const name of kept) out.write(`  ${paint('yellow', 'kept')} ${name}\n`)
  out.write(`mail to 127.0.0.1 port ${port} will land below ${path.join(directory, 'mail')}\n`)
  out.write(`next: read ${path.join(directory, 'README.md')}\n`)
}
