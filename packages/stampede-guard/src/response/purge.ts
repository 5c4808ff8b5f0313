import type { Cache } from '@sluice/core'
import { checkOptions, wrongOption } from '@sluice/core/extend'
import { responsesOf, tagName } from './archive.ts'
import { createGenerations } from './generations.ts'
import { checkTags } from './options.ts'
import { pageOf } from './request-key.ts'

/** Options of `purgeResponses`. */
export interface PurgeOptions {
  /** The cache that `cacheResponse` was given. */
  readonly cache: Cache
}

/**
 * Forgets kept responses, in every process that shares the store. What is being made while it is called is not kept either.
 * What is forgotten goes from the store by its ttl.
 */
export interface ResponsePurge {
  /**
   * Forgets the responses that have one of these tags.
   *
   * @throws StoreUnavailableError when the store does not answer: old responses may live on
   */
  byTag(...tags: readonly string[]): Promise<void>
  /**
   * Forgets all responses of the host and path of a URL, whatever the query, the port, the case of its letters or a slash at
   * its end.
   *
   * @param url whole: `'https://shop.example/products'`
   * @throws OptionError for what is no whole URL
   * @throws StoreUnavailableError when the store does not answer: old responses may live on
   */
  byUrl(url: string | URL): Promise<void>
}

/**
 * Makes what forgets responses that `cacheResponse` keeps in a cache.
 *
 * @example
 * const purge = purgeResponses({ cache })
 * await purge.byTag('products', `product:${id}`)
 * @throws OptionError for an option that is unknown, missing or of the wrong kind
 */
export function purgeResponses(options: PurgeOptions): ResponsePurge {
  checkOptions('purgeResponses', options, ['cache'])
  const { cache } = options
  if (typeof cache?.namespace !== 'function') {
    throw wrongOption('cache', 'the cache that cacheResponse() was given', cache)
  }
  const generations = createGenerations(responsesOf(cache))
  return {
    async byTag(...tags) {
      const names = checkTags(tags, 'tags').map(tagName)
      if (names.length > 0) await generations.invalidate(names)
    },
    async byUrl(url) {
      if (!URL.canParse(String(url))) {
        throw wrongOption('url', "a whole URL, such as 'https://shop.example/products'", url)
      }
      const { hostname, pathname } = new URL(url)
      await generations.invalidate([pageOf(hostname, pathname)])
    },
  }
}
