import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { Writable } from 'node:stream'
import { after, before } from 'node:test'
import { runCli } from '../../lib/cli/main.js'

export interface Ran {
  readonly exit: number
  readonly out: string
  readonly err: string
}

interface Surroundings {
  readonly env?: NodeJS.ProcessEnv
  readonly isTTY?: boolean
}

/** Runs `dmail` with these arguments, in this process. */
export async function dmail(args: readonly string[], { env = {}, isTTY = false }: Surroundings = {}): Promise<Ran> {
  const written = { out: '', err: '' }
  const stream = (name: 'out' | 'err'): Writable & { isTTY: boolean } =>
    Object.assign(
      new Writable({
        write(chunk: Buffer, _encoding, done) {
          written[name] += chunk.toString()
          done()
        },
      }),
      { isTTY },
    )
  const exit = await runCli(['node', 'dmail', ...args], { out: stream('out'), err: stream('err'), env })
  return { exit, ...written }
}

/** Which passwd the fake getent reads. */
const PASSWD = 'DMAIL_TEST_PASSWD'

const GETENT = `#!${process.execPath}
const [database, key] = process.argv.slice(2)
const text = database === 'passwd' ? require('node:fs').readFileSync(process.env.${PASSWD}, 'utf8') : ''
if (key === undefined) {
  process.stdout.write(text)
  process.exit(0)
}
const line = text.split('\\n').find((each) => each.startsWith(key + ':'))
if (line === undefined) process.exit(2)
process.stdout.write(line + '\\n')
`

/** Puts a \`getent\` of ours before the system's for the tests of this file. Returns how to tell it which passwd to read. */
export function fakeGetent(): (passwd: string) => void {
  const { PATH } = process.env
  let folder = ''
  before(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'dmail-getent-'))
    await writeFile(path.join(folder, 'getent'), GETENT)
    await chmod(path.join(folder, 'getent'), 0o755)
    process.env['PATH'] = `${folder}${path.delimiter}${PATH ?? ''}`
  })
  after(async () => {
    process.env['PATH'] = PATH ?? ''
    Reflect.deleteProperty(process.env, PASSWD)
    await rm(folder, { recursive: true, force: true })
  })
  return (passwd) => {
    process.env[PASSWD] = passwd
  }
}
