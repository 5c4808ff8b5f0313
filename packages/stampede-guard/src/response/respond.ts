import { createArchive } from './archive.ts'
import { eligibilityOf } from './eligible.ts'
import { createForgetter } from './forget.ts'
import { createLookup } from './lookup.ts'
import { parseResponseOptions, type ResponseCacheOptions } from './options.ts'
import { createPageKeys } from './request-key.ts'
import { demandsOf, noDemands } from './usable.ts'
import type { Visit } from './visit.ts'

/**
 * Answers a request from the cache, or lets it go on to the handler: true. At once where all that it takes is in this
 * process; it may throw, too.
 */
export type Responder<Context> = (visit: Visit<Context>) => boolean | Promise<boolean>

/** Responses that go on to a handler, with some `cacheResponse()` watching: one is enough. */
const inHand = new WeakSet<object>()

/**
 * All that the middleware `cacheResponse` does, for any framework.
 *
 * @throws OptionError for an option that is unknown, missing or of the wrong kind
 */
export function createResponder<Context>(
  options: ResponseCacheOptions<Context>,
): Responder<Context> {
  const config = parseResponseOptions(options)
  const archive = createArchive(config)
  const forgetter = createForgetter(config.cache)
  const lookUp = createLookup(config, archive)
  const pageKeyOf = createPageKeys(config)

  const lookUpFor = (visit: Visit<Context>): boolean | Promise<boolean> => {
    const { headers } = visit.request
    const demands = config.trustRequestDirectives ? demandsOf(headers) : noDemands
    const isAuthorized = headers.authorization !== undefined
    const passes = lookUp({
      visit,
      at: pageKeyOf(visit),
      demands,
      isAuthorized,
    })
    return passes === false ? false : passes.then((later) => goesOn(visit, later))
  }
  return function respond(visit) {
    const { response } = visit
    if (inHand.has(response)) return true
    const eligibility = eligibilityOf(config, visit)
    if (eligibility === 'lookup') return lookUpFor(visit)
    inHand.add(response)
    visit.offer(() => undefined)
    const why = eligibility === 'unsafe' ? 'method' : 'bypass'
    response.appendHeader('Cache-Status', `${config.name}; fwd=${why}`)
    if (eligibility === 'unsafe') {
      const { exchange } = visit
      exchange.beforeHeaders(() => forgetter.afterUnsafe(visit))
    }
    return true
  }
}

function goesOn<Context>({ response }: Visit<Context>, passes: boolean): boolean {
  if (passes) inHand.add(response)
  return passes
}
