#!/usr/bin/env node
// A user module that needs no data base: `authent_process <this file> -path users.txt`. It speaks the line
// protocol of semantics 5 on stdin and stdout and complains on stderr.
import { lineSplitter } from '../lib/directory/lines.js'
import { decodeLine } from '../lib/directory/protocol.js'
import { answerCommand } from './answer.js'
import { usersFile } from './users-file.js'

const LONGEST_COMMAND = 4_096
const SHOWN_PROBLEMS = 10

function run(path: string): void {
  const read = usersFile(path, ({ problems }) => {
    for (const problem of problems.slice(0, SHOWN_PROBLEMS)) process.stderr.write(`${path}: ${problem}\n`)
    const more = problems.length - SHOWN_PROBLEMS
    if (more > 0) process.stderr.write(`${path}: and ${more} more lines that are no user\n`)
  })
  let ended = false
  const split = lineSplitter(LONGEST_COMMAND, (bytes, whole) => {
    if (ended) return
    const line = whole ? decodeLine(bytes) : undefined
    const { lines, end } = line === undefined ? { lines: ['-ERR bad command'], end: false } : answerCommand(line, read)
    process.stdout.write(`${lines.join('\n')}\n`)
    ended = end
    if (ended) process.stdin.destroy()
  })
  process.stdin.on('data', split)
  // Nobody reads the answers any more.
  process.stdout.on('error', () => {
    process.stdin.destroy()
  })
}

const [option, path, ...rest] = process.argv.slice(2)
if (option === '-path' && path !== undefined && rest.length === 0) {
  run(path)
} else {
  process.stderr.write('usage: file.js -path FILE\n')
  process.exitCode = 2
}
