import { StoreUnavailableError, type Store } from '@sluice/core'
import { failureReporter } from '@sluice/core/extend'
import { openMessages } from './messages.ts'
import { attend } from './operations/attend.ts'
import type { Ticker } from './ticker.ts'

const report = failureReporter('distributed-lock')

/** How often the places of waiters are renewed: at the same time the safety net for a message that never came. */
const attendMs = 5000
/** The same while no messages come: sooner than a lease that was handed over ends. */
const attendUnheardMs = 1000

/** The most waiters in one command: Redis serves nobody else meanwhile. */
const mostAtOnce = 1000

/** Who waits for what. */
export interface Waiter {
  readonly key: string
  readonly token: string
  readonly retentionMs: number
  /** Ask the store: the waiter was served, or has lost its place, or nobody knows. */
  wake(): void
  /** Whether the store answers: `undefined`, or why it did not. */
  heard(failure: unknown): void
}

/** What the store answered a waiter that it gave a place. */
export interface Placed {
  /** True for the waiter that is served next. */
  readonly isNext: boolean
  /** Ms until a lease may end. */
  readonly remainingMs: number
  /** What `hearing()` said before the place was asked for. */
  readonly hearing: number
}

/**
 * Where the waiters of one client wait. They share one channel on which they are told; the places for one lock are kept by
 * one command every five seconds, however many they are; and whoever is next looks again when a lease may have ended.
 */
export interface WaitingRoom {
  /** Where the store tells a waiter that it was served, by its token. */
  readonly channel: string
  /** 0 while no messages come in; else it changes whenever some may have been missed. */
  hearing(): number
  /** Messages may come from now on. */
  expect(waiter: Waiter): void
  /** Has a place, and waits. */
  enter(waiter: Waiter, placed: Placed): void
  /** The store did not answer the waiter: somebody looks again soon. */
  attendSoon(waiter: Waiter): void
  leave(waiter: Waiter): void
}

/** The waiters for one lock. */
interface Row {
  readonly waiters: Set<Waiter>
  cancel: () => void
  isAsking: boolean
  /** The answer that is under way will be too old. */
  isStale: boolean
}

function newRow(): Row {
  return { waiters: new Set(), cancel: () => undefined, isAsking: false, isStale: false }
}

/** Opens a room. Nothing is sent before somebody waits. */
export function createWaitingRoom(store: Store, ticker: Ticker, channel: string): WaitingRoom {
  const rows = new Map<string, Row>()
  const byToken = new Map<string, Waiter>()
  const messages = openMessages(store, ticker, channel, {
    onMessage: (token) => byToken.get(token)?.wake(),
    onHearing() {
      for (const [key, row] of rows) void look(key, row)
    },
  })

  const lookIn = (key: string, row: Row, ms: number): void => {
    row.cancel()
    if (rows.get(key) === row) row.cancel = ticker.after(ms, () => void look(key, row))
  }
  const pauseMs = ({ isNext, remainingMs }: Pick<Placed, 'isNext' | 'remainingMs'>): number => {
    const longestMs = messages.hearing() > 0 ? attendMs : attendUnheardMs
    return isNext ? Math.min(longestMs, remainingMs + 1) : longestMs
  }
  const look = async (key: string, row: Row): Promise<void> => {
    row.isStale = row.isAsking
    if (row.isAsking) return
    row.isAsking = true
    row.cancel()
    const pause = await attendRow(store, key, [...row.waiters], pauseMs)
    row.isAsking = false
    lookIn(key, row, row.isStale ? 0 : pause)
  }

  return {
    channel,
    hearing: messages.hearing,
    expect: (waiter) => void byToken.set(waiter.token, waiter),
    enter(waiter, placed) {
      const { key } = waiter
      const row = rows.get(key) ?? newRow()
      const isNew = row.waiters.size === 0
      rows.set(key, row)
      row.waiters.add(waiter)
      messages.want()
      if (placed.hearing < messages.hearing()) void look(key, row)
      else if (isNew || placed.isNext) lookIn(key, row, pauseMs(placed))
    },
    attendSoon({ key }) {
      const row = rows.get(key)
      if (row !== undefined) lookIn(key, row, attendUnheardMs)
    },
    leave(waiter) {
      byToken.delete(waiter.token)
      const row = rows.get(waiter.key)
      row?.waiters.delete(waiter)
      if (row?.waiters.size !== 0) return
      row.cancel()
      rows.delete(waiter.key)
      if (rows.size === 0) messages.unwant()
    },
  }
}

/** Asks for all waiters of one lock, wakes those who wait no more, and answers when to ask again, in ms. */
async function attendRow(
  store: Store,
  key: string,
  waiters: readonly Waiter[],
  pauseMs: (attended: { isNext: boolean; remainingMs: number }) => number,
): Promise<number> {
  const retentionMs = waiters[0]?.retentionMs ?? 0
  let shortestMs = attendMs
  try {
    for (let at = 0; at < waiters.length; at += mostAtOnce) {
      const some = waiters.slice(at, at + mostAtOnce)
      const tokens = some.map(({ token }) => token)
      const attended = await store.run(attend, { key, tokens, retentionMs })
      for (const waiter of some) {
        waiter.heard(undefined)
        if (!attended.waiting.has(waiter.token)) waiter.wake()
      }
      shortestMs = Math.min(shortestMs, pauseMs(attended))
    }
    return shortestMs
  } catch (error) {
    report({ verb: 'wait', instead: 'look again', error })
    for (const waiter of waiters) {
      waiter.heard(error)
      // A store that is closed, or that cannot do this, says so to each who asks.
      if (!(error instanceof StoreUnavailableError)) waiter.wake()
    }
    return attendUnheardMs
  }
}
