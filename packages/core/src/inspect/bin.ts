#!/usr/bin/env node
import { main } from './main.ts'

const interrupted = new AbortController()
// Once: who presses Ctrl-C again ends the process at once.
process.once('SIGINT', () => interrupted.abort())

// The reader of a pipe may have seen enough, as `head` does.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error
})

process.exitCode = await main({
  args: process.argv.slice(2),
  env: process.env,
  stdout: process.stdout,
  stderr: process.stderr,
  signal: interrupted.signal,
})
