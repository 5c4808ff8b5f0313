import type { Cache, Duration } from '@sluice/core'
import {
  checkFunction,
  checkOptions,
  durationOption,
  processCache,
  wrongOption,
} from '@sluice/core/extend'

/** What both stores for other middlewares take. */
export interface CompatOptions<Data extends object> {
  /** Where sessions are kept. Default: the memory of this process. */
  readonly cache?: Cache | undefined
  /**
   * Keeps the sessions of one middleware apart from those of others on the same cache: 1 to 64 printable ASCII characters.
   * Default: the name of the middleware.
   */
  readonly prefix?: string | undefined
  /** How long a session lies unused before it ends, where its cookie ends with the browser. Default `'24h'`. */
  readonly idle?: Duration | undefined
  /**
   * Brings sessions along from another store. Called with the session's id when there is none here; what it resolves to is
   * written once, and only where no session of that id has ended in the last `idle`. It must go on answering for some
   * seconds, for parallel requests, and not for longer than `idle`: read with `GETEX … EX 60`.
   */
  readonly adopt?: ((sid: string) => Promise<Data | undefined>) | undefined
}

/** The same, complete. */
export interface CompatConfig<Data extends object> {
  readonly cache: Cache
  readonly prefix: string
  readonly idleMs: number
  readonly adopt: ((sid: string) => Promise<Data | undefined>) | undefined
}

/** @throws OptionError for an option that is unknown or of the wrong kind */
export function parseCompatOptions<Data extends object>(
  owner: string,
  options: CompatOptions<Data>,
  defaultPrefix: string,
): CompatConfig<Data> {
  checkOptions(owner, options, ['cache', 'prefix', 'idle', 'adopt'])
  const { cache = processCache(), prefix = defaultPrefix, idle, adopt } = options
  if (typeof cache?.stateKey !== 'function') {
    throw wrongOption('cache', 'a cache that createCache() made', cache)
  }
  if (typeof prefix !== 'string' || !/^[\x20-\x7e]{1,64}$/.test(prefix)) {
    throw wrongOption('prefix', '1 to 64 printable ASCII characters', prefix)
  }
  checkFunction(adopt, 'adopt')
  return { cache, prefix, idleMs: durationOption(idle, 'idle', '24h'), adopt }
}
