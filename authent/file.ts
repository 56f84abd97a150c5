#!/usr/bin/env node
// Users in text files, as NWAuth had them: `authent_process <this file> -path DIR`. It speaks the line protocol of semantics 5
// on stdin and stdout and complains on stderr; with a command on the command line it carries that out and ends.
import { COMMANDS_USAGE, runFileCommand } from './file-commands.js'
import { readFileOptions, type FileOptions } from './file-options.js'
import { fileSource } from './file-source.js'
import { serve } from './program.js'
import { usersFile } from './users-reader.js'

const SHOWN_PROBLEMS = 10
const USAGE = `usage: file.js -path FILE|DIR [-readonly] [-badchar S] [-badchar_localpart S] [-allowats] [-log|-debug]
               [drop_path 0 DIR] [COMMAND]
${COMMANDS_USAGE}
`

function run({ path, readonly, tell, validName, command, dropDirectory, ignored }: FileOptions): void {
  if (ignored.length > 0) process.stderr.write(`${ignored.join(', ')}: means nothing to this module\n`)
  const read = usersFile(path, ({ problems }, file) => {
    for (const problem of problems.slice(0, SHOWN_PROBLEMS)) process.stderr.write(`${file}: ${problem}\n`)
    const more = problems.length - SHOWN_PROBLEMS
    if (more > 0) process.stderr.write(`${file}: and ${more} more lines that are no user\n`)
  })
  const source = fileSource({ read, writable: readonly ? undefined : path, dropDirectory })
  if (command.length === 0) {
    serve(source, { validName, tell })
    return
  }
  runFileCommand(command, source, validName).then(
    (status) => {
      process.exitCode = status
      if (status === 2) process.stderr.write(USAGE)
    },
    (error: unknown) => {
      process.stderr.write(`${String(error)}\n`)
      process.exitCode = 75
    },
  )
}

const options = readFileOptions(process.argv.slice(2))
if (typeof options === 'string') {
  process.stderr.write(`${options}\n${USAGE}`)
  process.exitCode = 2
} else {
  run(options)
}
