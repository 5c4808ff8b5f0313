import { OptionError, type Duration } from '@sluice/core'
import { durationMs } from '@sluice/core/extend'
import type { Entry } from './entry.ts'
import { checkTags } from './policy.ts'

/** The value that a load replaces. */
export interface PreviousValue {
  /** As it was loaded, a copy of your own. */
  readonly value: unknown
  /** Milliseconds since it was written. */
  readonly ageMs: number
}

/** What a loader is told, and what it may say about its value. */
export interface LoadContext {
  /** The key that is loaded, as it was given to the guard. */
  readonly key: string
  /** Aborts when the guard is closed, and with `abortUnwanted` when nobody waits for the value any more. */
  readonly signal: AbortSignal
  /** What is replaced, for a source that can say that nothing has changed. Absent when there is nothing, or it was invalidated. */
  readonly previous?: PreviousValue
  /** Gives this value another ttl. */
  setTtl(ttl: Duration): void
  /** Gives this value these tags in place of those of the options. */
  setTags(tags: readonly string[]): void
  /** Does not keep this value. */
  skip(): void
  /**
   * Ends the load: the previous value is still right, and is kept for another ttl. Call it in the loader itself, as it throws.
   *
   * @example if (response.status === 304) return context.notModified()
   */
  notModified(): never
}

/** What a loader said about its value. */
export interface Said {
  ttlMs: number | undefined
  tags: readonly string[] | undefined
  skip: boolean
}

/** Thrown by `notModified`. */
const unchanged = Symbol('not modified')

/** Calls a loader with its context. */
export async function callWithContext(
  load: (context: LoadContext) => unknown,
  { key, signal, previous: entry, nowMs }: ContextParts,
  said: Said,
): Promise<unknown> {
  const previous =
    entry === undefined
      ? undefined
      : { value: entry.value, ageMs: Math.max(0, nowMs - entry.writtenAtMs) }
  const context: LoadContext = {
    key,
    signal,
    ...(previous && { previous }),
    setTtl(ttl) {
      said.ttlMs = durationMs(ttl, 'ttl')
    },
    setTags(tags) {
      said.tags = checkTags(tags)
    },
    skip() {
      said.skip = true
    },
    notModified() {
      if (previous === undefined)
        throw new OptionError(
          'notModified() was called without a previous value. Check context.previous first.',
        )
      throw unchanged
    },
  }
  try {
    return await load(context)
  } catch (error) {
    if (error === unchanged) return previous?.value
    throw error
  }
}

/** What a context is made of. */
export interface ContextParts {
  readonly key: string
  readonly signal: AbortSignal
  readonly previous: Entry | undefined
  readonly nowMs: number
}
