import type { Cache } from '@sluice/core'
import type { Subscription } from '@sluice/core/extend'

/** What processes tell each other of one thing. Messages are hints: whoever hears none asks the store in the end. */
export interface Messages {
  readonly channel: string
  /** Listens from now on, until `rest` or `close`. One listener at a time: while there is one, this changes nothing. */
  listen(listener: MessageListener): void
  /** Listens no longer, until somebody asks for it again: every message costs each listener a little. */
  rest(): void
  /** Final. */
  close(): void
}

/** Told of messages. */
export interface MessageListener {
  onMessage(kind: string, subject: string): void
  /** Messages may have been missed. */
  onGap(): void
}

/** The text of a message. Kinds hold no space. */
export function messageOf(kind: string, subject: string): string {
  return `${kind} ${subject}`
}

/** Messages of one name, about the guard's view of the cache. */
export function createMessages(cache: Cache, name: 'loads' | 'tags'): Messages {
  const channel = cache.stateKey('guard', name)
  let subscription: Subscription | undefined
  let isClosed = false

  const rest = (): void => {
    subscription?.close()
    subscription = undefined
  }
  return {
    channel,
    listen({ onMessage, onGap }) {
      if (isClosed || subscription !== undefined) return
      subscription = cache.store.subscribe(channel, {
        onMessage(message) {
          const at = message.indexOf(' ')
          onMessage(message.slice(0, at), message.slice(at + 1))
        },
        onGap,
      })
      // Where it cannot be had, it goes on trying, and tells of a gap.
      subscription.ready.then(onGap, () => undefined)
    },
    rest,
    close() {
      isClosed = true
      rest()
    },
  }
}
