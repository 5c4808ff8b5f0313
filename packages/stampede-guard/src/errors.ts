import { SluiceError } from '@sluice/core'

/** Stable codes of the errors that `@sluice/stampede-guard` throws itself. */
export type GuardErrorCode = 'SLUICE_LOAD_TIMEOUT' | 'SLUICE_GUARD_CLOSED'

/** The load took longer than `timeout`. It goes on, and what it brings is kept. Answered with 504 by default. */
export class LoadTimeoutError extends SluiceError {
  /** The key, as it was given to the guard. */
  readonly key: string
  /** The timeout that was exceeded, in ms. */
  readonly timeoutMs: number

  constructor(key: string, timeoutMs: number) {
    super('SLUICE_LOAD_TIMEOUT', `Loading took longer than ${timeoutMs} ms (option "timeout").`, {
      status: 504,
    })
    this.key = key
    this.timeoutMs = timeoutMs
  }
}

/** A call on a guard after `close()`. */
export class GuardClosedError extends SluiceError {
  constructor() {
    super('SLUICE_GUARD_CLOSED', 'The guard is closed. Create a new one, or close it later.')
  }
}
