import type { Loader } from './loader.ts'

/** What `getMany` finds. */
export interface ManyResult<Value> {
  /** By key. Keys for which the source has none are left out. */
  readonly values: Map<string, Value>
  /** Why others could not be loaded, by key. */
  readonly errors: Map<string, unknown>
}

/** What a loader of many keys is told. */
export interface LoadManyContext {
  /** Aborts when the guard is closed. */
  readonly signal: AbortSignal
}

/**
 * Loads many keys at once. What is left out is none; an `Error` in place of a value is the failure of that key alone.
 */
export type ManyLoader<Value> = (
  keys: readonly string[],
  context: LoadManyContext,
) => LoadedMany<Value> | PromiseLike<LoadedMany<Value>>

/** Values by key. */
export type LoadedMany<Value> =
  ReadonlyMap<string, Value | Error> | Readonly<Record<string, Value | Error>>

/** A loader of one key, which loads together with those that are called in the same turn. */
export function togetherLoader<Value>(loadMissing: ManyLoader<Value>): Loader<unknown> {
  let batch: { readonly keys: string[]; readonly loaded: Promise<LoadedMany<Value>> } | undefined
  return async ({ key, signal }) => {
    if (batch === undefined) {
      const keys: string[] = []
      // Replies that came together are all heard before the turn ends.
      const loaded = nextTurn().then(() => {
        batch = undefined
        return loadMissing(keys, { signal })
      })
      batch = { keys, loaded }
    }
    batch.keys.push(key)
    const value = valueOf(await batch.loaded, key)
    if (value instanceof Error) throw value
    return value
  }
}

function valueOf<Value>(loaded: LoadedMany<Value>, key: string): Value | Error | undefined {
  if (loaded instanceof Map) return loaded.get(key) as Value | Error | undefined
  const record = loaded as Readonly<Record<string, Value | Error>>
  return Object.hasOwn(record, key) ? record[key] : undefined
}

function nextTurn(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve)
  })
}
