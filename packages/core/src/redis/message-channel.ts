import { StoreUnavailableError } from '../errors.ts'
import type { ChannelListener, Subscription } from '../store.ts'
import type { Deadlines } from './deadlines.ts'

/** One channel and who listens on it. */
export interface MessageChannel {
  /** `asked`: the server has yet to confirm. */
  state: 'down' | 'asked' | 'live'
  /** Since when nobody has listened, by `performance.now()`; `undefined` while somebody does. */
  idleAtMs(): number | undefined
  listen(listener: ChannelListener): Subscription
  tell(message: string): void
  /** The link carries the channel: who waits for it has it, who has had it may have missed something. */
  arrive(): void
  /** Whoever waits is told that it will not be in time. */
  fail(error: Error): void
  /** Nobody is told anything any more. */
  end(error: Error): void
}

/** How long a subscription may take to be ready. */
export interface ReadyDeadline {
  readonly deadlines: Deadlines
  readonly ms: number
  onExpired(): Error
}

interface Listening {
  readonly listener: ChannelListener
  /** Absent once `ready` has settled. */
  waiting?: { resolve(): void; reject(error: Error): void }
}

/** Makes a channel on which nobody listens. */
export function createMessageChannel({ deadlines, ms, onExpired }: ReadyDeadline): MessageChannel {
  const all = new Set<Listening>()
  let idleAtMs: number | undefined = performance.now()

  /** A microtask of its own for each: what one listener throws spoils neither the others' nor the link. */
  const tellEach = (tellOne: (listener: ChannelListener) => void): void => {
    for (const one of all) {
      if (one.waiting !== undefined) continue
      queueMicrotask(() => {
        if (all.has(one)) tellOne(one.listener)
      })
    }
  }
  const fail = (error: Error): void => {
    for (const one of all) settle(one)?.reject(error)
  }
  const remove = (one: Listening): void => {
    if (!all.delete(one)) return
    settle(one)?.reject(
      new StoreUnavailableError('disconnected', 'Closed before it was ready.', {
        mayHaveApplied: false,
      }),
    )
    if (all.size === 0) idleAtMs = performance.now()
  }
  const readyOf = (one: Listening): Promise<void> => {
    const arrived = new Promise<void>((resolve, reject) => (one.waiting = { resolve, reject }))
    return deadlines.race(arrived, ms, () => {
      delete one.waiting
      return onExpired()
    })
  }
  const channel: MessageChannel = {
    state: 'down',
    idleAtMs: () => idleAtMs,
    listen(listener) {
      const one: Listening = { listener }
      all.add(one)
      idleAtMs = undefined
      const ready = channel.state === 'live' ? Promise.resolve() : readyOf(one)
      ready.catch(() => undefined)
      return { ready, close: () => remove(one) }
    },
    tell: (message) => tellEach((listener) => listener.onMessage(message)),
    arrive() {
      channel.state = 'live'
      tellEach((listener) => listener.onGap())
      for (const one of all) settle(one)?.resolve()
    },
    fail,
    end(error) {
      fail(error)
      all.clear()
    },
  }
  return channel
}

function settle(one: Listening): Listening['waiting'] {
  const { waiting } = one
  delete one.waiting
  return waiting
}
