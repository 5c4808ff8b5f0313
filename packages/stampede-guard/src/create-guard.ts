import type { Duration } from '@sluice/core'
import { choiceOption, durationOption, wrongOption } from '@sluice/core/extend'
import type { CallOptions, Guard } from './guard.ts'
import type { Loader } from './loader.ts'
import { togetherLoader } from './many.ts'
import { parseGuardOptions, type GuardOptions } from './options.ts'
import { checkTags, policyOf } from './policy.ts'
import { createVerbs } from './verbs.ts'
import { callPolicy, checkLoader } from './wish.ts'

/**
 * Makes a guard: a cache that fills itself, where a key that is in demand is loaded once, however many ask, and is
 * refreshed in the background before it expires, so that nobody waits for it again.
 *
 * Guards on one store share their flights by key, whatever their options: make one guard for each kind of thing, and
 * keep their keys apart by a namespace or by the key.
 *
 * @example
 * const guard = createGuard({ cache, ttl: '5m' })
 * const product = await guard.get(`product:${id}`, () => db.findProduct(id))
 * @throws OptionError for an option that is missing, unknown or of the wrong kind
 */
export function createGuard(options: GuardOptions): Guard {
  const config = parseGuardOptions(options)
  const { policy } = config
  const verbs = createVerbs(config)
  const close = (within?: Duration): Promise<void> =>
    verbs.close(durationOption(within, 'within', '5s'))

  return {
    // The types of values are the callers' word, as with `cache.get`: what is in the cache, some loader made.
    get: <Value>(key: string, load: Loader<Value>, given?: CallOptions) =>
      verbs.get(key, load, given) as Promise<Value>,
    async getMany(keys, loadMissing, given) {
      checkLoader(loadMissing, 'loadMissing')
      const own = callPolicy('getMany', policy, given)
      const load = togetherLoader(loadMissing)
      const wish = { load, policy: own, signal: given?.signal }
      return (await verbs.getMany([...new Set(keys)], wish)) as never
    },
    wrap(fn, given) {
      checkLoader(fn, 'fn')
      const own = policyOf('wrap', policy, given, ['key'])
      const { key: keyOf } = given
      if (typeof keyOf !== 'function')
        throw wrongOption('key', 'a function of the arguments', keyOf)
      return async function guarded(...args) {
        return verbs.get(keyOf(...args), () => fn(...args), undefined, own) as never
      }
    },
    async refresh<Value>(key: string, load: Loader<Value>, given?: CallOptions) {
      checkLoader(load, 'load')
      const own = callPolicy('refresh', policy, given)
      return (await verbs.refresh({ key, load, policy: own, signal: given?.signal })) as Value
    },
    delete: (key) => verbs.delete(key),
    async set(key, value, given) {
      const own = policyOf('set', policy, given)
      if (value === undefined) {
        throw wrongOption('value', 'data (null is; to forget the key, delete it)', value)
      }
      await verbs.set(key, value, own)
    },
    async invalidateTags(tags, mode) {
      const how = choiceOption(mode, 'mode', ['hard', 'stale'], 'hard')
      await verbs.invalidateTags(checkTags(tags), how)
    },
    clear: () => verbs.clear(),
    peek: (key) => verbs.peek(key),
    close,
    [Symbol.asyncDispose]: () => close(),
  }
}
