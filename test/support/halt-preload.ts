import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import promises from 'node:fs/promises'
import path from 'node:path'

/*
 * Loaded by `node --require` before the program: a process stops itself (SIGSTOP) behind the n-th file that it renames out of a directory.
 * What has happened by then is the same on every machine, which no test that looks from outside can say.
 */

/** Names the file of the order; it holds `n directory`. It is removed by the process that has obeyed; `FILE.pid` says which that is. */
export const HALT_VARIABLE = 'DMAIL_TEST_HALT'

const file = process.env[HALT_VARIABLE]
if (file !== undefined) obey(file)

function obey(orderFile: string): void {
  const { rename } = promises
  let renamed = 0
  promises.rename = async (from, to) => {
    await rename(from, to)
    const order = read(orderFile)
    if (order === undefined || path.dirname(String(from)) !== order.directory || ++renamed !== order.count) return
    rmSync(orderFile)
    writeFileSync(`${orderFile}.pid`, `${process.pid}\n`)
    process.kill(process.pid, 'SIGSTOP')
  }
}

function read(orderFile: string): { readonly count: number; readonly directory: string } | undefined {
  try {
    const [, count, directory] = /^(\d+) (.*)$/.exec(readFileSync(orderFile, 'utf8')) ?? []
    return count === undefined || directory === undefined ? undefined : { count: Number(count), directory }
  } catch {
    return undefined
  }
}
