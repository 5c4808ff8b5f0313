import { closedSubscription } from '../closed-subscription.ts'
import type { MemoryView } from '../operation.ts'
import type { ChannelListener, Store } from '../store.ts'

/** Who listens to a memory store, by channel. */
export interface MemoryChannels {
  readonly subscribe: Store['subscribe']
  readonly publish: MemoryView['publish']
  /** Nothing is told any more. */
  close(): void
}

/** Makes channels without listeners. */
export function createMemoryChannels(): MemoryChannels {
  // A listener may stand on a channel twice: each subscription is one of its own.
  const channels = new Map<string, Set<{ readonly listener: ChannelListener }>>()
  let closed = false

  return {
    subscribe(channel, listener) {
      if (closed) return closedSubscription()
      const own = { listener }
      const subscribed = channels.get(channel) ?? new Set()
      channels.set(channel, subscribed.add(own))
      return {
        ready: Promise.resolve(),
        close() {
          subscribed.delete(own)
          if (subscribed.size === 0 && channels.get(channel) === subscribed)
            channels.delete(channel)
        },
      }
    },
    publish(channel, message) {
      const subscribed = channels.get(channel)
      if (subscribed === undefined) return
      for (const own of subscribed) {
        // A microtask of its own for each: never inside the operation, in order, and none spoils another's.
        queueMicrotask(() => {
          if (subscribed.has(own)) own.listener.onMessage(message)
        })
      }
    },
    close() {
      closed = true
      for (const subscribed of channels.values()) subscribed.clear()
      channels.clear()
    },
  }
}
