#!/usr/bin/env node
import { runDrespond } from '../lib/respond/command.js'

// The time limit for robots: what has not gone out is taken back, and the message comes again.
const stopped = new AbortController()
process.once('SIGTERM', () => {
  stopped.abort()
  process.stdin.destroy()
})

runDrespond(process.argv, {
  stdin: process.stdin,
  out: process.stdout,
  err: process.stderr,
  env: process.env,
  now: Date.now,
  signal: stopped.signal,
}).then(
  (status) => {
    process.exitCode = status
  },
  (error: unknown) => {
    process.stderr.write(`drespond: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`)
    // A fault of ours: the message is kept until it is mended.
    process.exitCode = 75
  },
)
