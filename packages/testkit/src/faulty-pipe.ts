import type { Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'

/** The way bytes go: `up` to the server, `down` to the client. */
export type Direction = 'up' | 'down'

/** The faults in force; every pipe of a proxy reads the same ones. */
export interface Faults {
  delayMs: number
  readonly swallows: Set<Direction>
  dropNextReply: boolean
  /** Told of a socket whose bytes were swallowed. */
  readonly onLoss: (socket: Socket) => void
}

/** One direction of one proxied connection. */
export interface FaultyPipe {
  readonly from: Socket
  readonly to: Socket
  readonly direction: Direction
  readonly faults: Faults
}

/** Carries what `from` sends to `to`, with the faults in force when it arrives. */
export function createFaultyPipe({ from, to, direction, faults }: FaultyPipe): void {
  // One step after the other, so that no byte overtakes an earlier one, whatever the delay was for each.
  let last: Promise<void> = Promise.resolve()
  const inOrder = (step: () => void): void => {
    const dueMs = performance.now() + faults.delayMs
    last = last.then(async () => {
      const waitMs = dueMs - performance.now()
      if (waitMs > 0) await sleep(waitMs)
      if (!to.destroyed) step()
    })
  }

  from.on('data', (chunk) => {
    if (faults.swallows.has(direction)) return faults.onLoss(from)
    if (direction === 'down' && faults.dropNextReply) {
      faults.dropNextReply = false
      from.destroy()
      to.resetAndDestroy()
      return
    }
    inOrder(() => to.write(chunk))
  })
  from.on('end', () => inOrder(() => to.end()))
  // A reset overtakes what is under way, as it does on a wire. `close` follows every `error`.
  from.on('error', () => to.resetAndDestroy())
  from.on('close', () => inOrder(() => to.destroySoon()))
}
