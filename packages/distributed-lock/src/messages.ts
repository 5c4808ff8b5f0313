import type { Store } from '@sluice/core'
import type { Subscription } from '@sluice/core/extend'
import type { Ticker } from './ticker.ts'

/** How long one listens on after nobody waits any more: a busy lock does not subscribe for each waiter. */
const graceMs = 5000

/** The messages of one channel, listened to while somebody wants them. */
export interface Messages {
  /** 0 while none come in, as far as is known; else a number that rises whenever some may have been missed. */
  hearing(): number
  want(): void
  unwant(): void
}

/** Who hears them. */
export interface Hearer {
  onMessage(message: string): void
  /** From now on messages come in; those before may have been missed. */
  onHearing(): void
}

/** Nothing is sent before somebody wants messages. */
export function openMessages(
  store: Store,
  ticker: Ticker,
  channel: string,
  hearer: Hearer,
): Messages {
  let subscription: Subscription | undefined
  let [since, isHearing] = [0, false]
  let cancelClose = (): void => undefined

  const hear = (): void => {
    since++
    isHearing = true
    hearer.onHearing()
  }
  const open = (): Subscription => {
    const opened = store.subscribe(channel, { onMessage: hearer.onMessage, onGap: hear })
    opened.ready.then(
      () => {
        if (subscription === opened) hear()
      },
      // It goes on trying, and tells of a gap when it has come about.
      () => undefined,
    )
    return opened
  }
  const close = (): void => {
    subscription?.close()
    subscription = undefined
    isHearing = false
  }

  return {
    hearing: () => (isHearing ? since : 0),
    want() {
      cancelClose()
      subscription ??= open()
    },
    unwant() {
      cancelClose()
      cancelClose = ticker.after(graceMs, close)
    },
  }
}
