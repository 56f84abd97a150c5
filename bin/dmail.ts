#!/usr/bin/env node
import { runCli } from '../lib/cli/main.js'

runCli(process.argv, { out: process.stdout, err: process.stderr, env: process.env }).then(
  (status) => {
    process.exitCode = status
  },
  (error: unknown) => {
    process.stderr.write(`dmail: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`)
    process.exitCode = 1
  },
)
