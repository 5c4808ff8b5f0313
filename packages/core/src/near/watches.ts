import { failureReporter } from '../channels.ts'
import { isStateKey } from '../key.ts'
import type { NearSource, Watch, WatchOptions } from '../near-source.ts'
import type { NearConfig } from './options.ts'

/** The watches of a near store: one for each prefix that it met. */
export interface Watches {
  /**
   * The watch over a cached entry, when it is proven at this moment of `performance.now()`. Opened on the first use of a
   * prefix. `undefined` for what is not kept.
   */
  listening(key: string, nowMs: number): Watch | undefined
  /** Tells other near stores of a write, where the source leaves that to the writers. Nobody waits for it. */
  tell(keys: readonly string[]): void
  /** True while every one is proven, and there is one. */
  areListening(): boolean
  close(): void
}

const report = failureReporter('near')

/** Each costs a connection to every master; an application has one or two. */
const most = 8

/** Makes no watch yet. */
export function createWatches(
  source: NearSource,
  config: NearConfig,
  listener: Pick<WatchOptions, 'onWrite' | 'onDoubt'>,
): Watches {
  const watches = new Map<string, Watch>()
  let closed = false

  const open = (base: string): Watch | undefined => {
    if (closed || watches.size >= most) return undefined
    const watch = source.watch({
      ...listener,
      base,
      source: config.source,
      silenceMs: config.maxStaleMs,
    })
    watches.set(base, watch)
    return watch
  }
  const isProven = (watch: Watch, nowMs: number): boolean =>
    nowMs - watch.coherentAtMs() <= config.maxStaleMs

  return {
    listening(key, nowMs) {
      const base = baseOf(key)
      if (base === undefined) return undefined
      const watch = watches.get(base) ?? open(base)
      return watch !== undefined && isProven(watch, nowMs) ? watch : undefined
    },
    tell(keys) {
      if (closed || config.source === 'tracking') return
      for (const [base, told] of byBase(keys)) {
        // Untold, a write is seen elsewhere when the ttl is over.
        source.tell(base, told).catch((error: unknown) => {
          report({ verb: 'tell', instead: 'ttl', error })
        })
      }
    },
    areListening() {
      const nowMs = performance.now()
      return watches.size > 0 && [...watches.values()].every((watch) => isProven(watch, nowMs))
    },
    close() {
      closed = true
      for (const watch of watches.values()) watch.close()
      watches.clear()
    },
  }
}

/** `shop:` of `shop:user:1`. Nothing for the state of operations, and for a key of no prefix. */
function baseOf(key: string): string | undefined {
  const colon = key.indexOf(':')
  return colon < 1 || isStateKey(key) ? undefined : key.slice(0, colon + 1)
}

function byBase(keys: readonly string[]): ReadonlyMap<string, readonly string[]> {
  const groups = new Map<string, string[]>()
  for (const key of keys) {
    const base = baseOf(key)
    if (base === undefined) continue
    const group = groups.get(base)
    if (group === undefined) groups.set(base, [key])
    else group.push(key)
  }
  return groups
}
