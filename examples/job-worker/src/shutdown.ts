import { constants } from 'node:os'

// Under npm, one Ctrl-C comes twice: from the terminal, and from npm, which passes on its own.
const echoMs = 500
/** What stopping may take beyond the deadline: a Redis that is away answers nobody. */
const graceMs = 3000

/**
 * On SIGINT or SIGTERM calls `stop`, once, with a signal that aborts after `deadlineMs`. A second signal ends the process
 * at once, as does a stop that hangs.
 */
export function endOnSignals(
  stop: (deadline: AbortSignal) => Promise<void>,
  deadlineMs: number,
): void {
  let firstAtMs: number | undefined
  const receive = (signal: NodeJS.Signals): void => {
    if (firstAtMs === undefined) {
      firstAtMs = performance.now()
      void end(signal, stop, deadlineMs)
    } else if (performance.now() - firstAtMs > echoMs) {
      process.exit(128 + constants.signals[signal])
    }
  }
  process.on('SIGINT', receive)
  process.on('SIGTERM', receive)
}

async function end(
  signal: NodeJS.Signals,
  stop: (deadline: AbortSignal) => Promise<void>,
  deadlineMs: number,
): Promise<void> {
  console.log(
    `${signal}: no more jobs. Those under way have ${deadlineMs} ms; repeat to end at once.`,
  )
  // Unreferenced: a process with nothing left to do ends by itself.
  setTimeout(() => {
    console.error('Could not end in time. Jobs under way are run again by others.')
    process.exit(1)
  }, deadlineMs + graceMs).unref()
  try {
    await stop(AbortSignal.timeout(deadlineMs))
    console.log('Ended: no job and no lock is left behind')
  } catch (error) {
    console.error(error)
    process.exitCode = 1
  }
}
