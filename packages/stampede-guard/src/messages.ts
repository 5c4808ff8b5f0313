import type { Cache } from '@sluice/core'
import type { Subscription } from '@sluice/core/extend'

/** What processes tell each other. Messages are hints: whoever hears none asks the store in the end. */
export interface Messages {
  readonly channel: string
  /** Listens from now on, until `close`. Nothing is sent before the first listener. */
  listen(listener: MessageListener): void
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

/** The messages of one guard, about its view of the cache. */
export function createMessages(cache: Cache): Messages {
  const channel = cache.stateKey('guard', 'messages')
  const listeners: MessageListener[] = []
  let subscription: Subscription | undefined
  let isClosed = false

  const onGap = (): void => {
    for (const listener of listeners) listener.onGap()
  }
  const onMessage = (message: string): void => {
    const at = message.indexOf(' ')
    const [kind, subject] = [message.slice(0, at), message.slice(at + 1)]
    for (const listener of listeners) listener.onMessage(kind, subject)
  }
  return {
    channel,
    listen(listener) {
      listeners.push(listener)
      if (isClosed || subscription !== undefined) return
      subscription = cache.store.subscribe(channel, { onMessage, onGap })
      // Where it cannot be had, it goes on trying, and tells of a gap.
      subscription.ready.then(onGap, () => undefined)
    },
    close() {
      isClosed = true
      subscription?.close()
    },
  }
}
