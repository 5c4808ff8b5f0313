import { setTimeout as sleep } from 'node:timers/promises'

/** How long to wait, and for what. */
export interface WaitOptions {
  /** Names the awaited state in the error. */
  readonly what: string
  /** Default 20 000. */
  readonly timeoutMs?: number
}

/**
 * Asks every 25 ms until the answer is true: for states of other processes, which no event announces.
 *
 * @throws Error naming what was awaited, if it does not come in time.
 */
export async function waitUntil(
  isSo: () => boolean | Promise<boolean>,
  { what, timeoutMs = 20_000 }: WaitOptions,
): Promise<void> {
  const deadline = performance.now() + timeoutMs
  while (!(await isSo())) {
    if (performance.now() > deadline) throw new Error(`Waited ${timeoutMs} ms in vain for ${what}`)
    await sleep(25)
  }
}
