import { execFile } from 'node:child_process'
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { promisify } from 'node:util'

const run = promisify(execFile)
const READER_MS = 120_000
const MAX_OUTPUT = 64 * 1024 * 1024

/** The messages of each file as Python's `mailbox` hands them out, without their From lines. One process for all. */
export async function readWithPython(files: readonly string[]): Promise<Buffer[][]> {
  const script = [
    'import mailbox, sys',
    'for name in sys.argv[1:]:',
    '    box = mailbox.mbox(name, create=False)',
    '    print(*(box.get_bytes(key).hex() for key in box.keys()), sep=",")',
  ].join('\n')
  const { stdout } = await run('python3', ['-c', script, ...files], { timeout: READER_MS, maxBuffer: MAX_OUTPUT })
  return stdout
    .trimEnd()
    .split('\n')
    .map((line) => line.split(',').map((hex) => Buffer.from(hex, 'hex')))
}

/** Without a terminal mutt reads no mailbox, so it gets one of Python's. */
const IN_A_TERMINAL = [
  'import os, pty, sys',
  'status = pty.spawn(sys.argv[1:], lambda fd: os.read(fd, 65536))',
  'sys.exit(os.waitstatus_to_exitcode(status))',
].join('\n')

/** The messages of a file as mutt copies them to a Maildir below `folder`, one file each, in their order. */
export async function readWithMutt(file: string, folder: string): Promise<Buffer[]> {
  const maildir = path.join(folder, 'maildir')
  for (const name of ['cur', 'new', 'tmp']) mkdirSync(path.join(maildir, name), { recursive: true })
  const rc = path.join(folder, 'muttrc')
  writeFileSync(
    rc,
    [
      'set mbox_type=Maildir quit=yes confirmappend=no confirmcreate=no wait_key=no sort=mailbox-order mark_old=no',
      `set folder="${folder}" header_cache="" copy=no`,
      `push "<tag-pattern>~A<enter><tag-prefix><copy-message><kill-line>${maildir}<enter><quit>"`,
      '',
    ].join('\n'),
  )
  await run('python3', ['-c', IN_A_TERMINAL, 'mutt', '-n', '-F', rc, '-R', '-f', file], {
    timeout: READER_MS,
    maxBuffer: MAX_OUTPUT,
    env: { PATH: process.env['PATH'], HOME: folder, TERM: 'xterm', LANG: 'C' },
  })
  return ['cur', 'new'].flatMap((name) =>
    readdirSync(path.join(maildir, name)).map((each) => readFileSync(path.join(maildir, name, each))),
  )
}
