import { createInterface } from 'node:readline'
import { Writable } from 'node:stream'

/** The first line of stdin, without its end; asked for, and not shown, where that is a terminal. */
export async function readPassword(): Promise<string> {
  const terminal = process.stdin.isTTY
  if (terminal) process.stderr.write('Password: ')
  const silent = new Writable({
    write(_chunk, _encoding, done) {
      done()
    },
  })
  const lines = createInterface({ input: process.stdin, output: silent, terminal })
  try {
    for await (const line of lines) return line
    return ''
  } finally {
    lines.close()
    process.stdin.destroy()
    if (terminal) process.stderr.write('\n')
  }
}
