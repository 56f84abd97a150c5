#!/usr/bin/env node
import { runCli } from '../lib/cli/main.js'

// A reader that has seen enough (`dmail check | head`) is no error.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error
  process.exit()
})

runCli(process.argv, { out: process.stdout, err: process.stderr, env: process.env }).then(
  (status) => {
    process.exitCode = status
  },
  (error: unknown) => {
    process.stderr.write(`dmail: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`)
    process.exitCode = 1
  },
)
