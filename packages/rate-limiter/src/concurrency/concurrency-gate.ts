import { checkFunction, checkOptions } from '@sluice/core/extend'
import type { Exchange } from '@sluice/core/http'
import { clientKey } from '../http/client-key.ts'
import {
  concurrencyOptionNames,
  createConcurrencyLimiter,
  type ConcurrencyLimiter,
  type ConcurrencyOptions,
  type Slot,
} from './concurrency-limiter.ts'
import { isStoreFailure } from '../errors.ts'

/** Options of `limitConcurrency`. A function that throws fails the request. */
export interface LimitConcurrencyOptions<Context> extends ConcurrencyOptions {
  /** Among whose requests the request counts. Default: `clientKey` of the client's address. */
  readonly key?: ((context: Context) => string | Promise<string>) | undefined
  /** True lets a request pass uncounted, without asking the store. Default: none. */
  readonly skip?: ((context: Context) => boolean | Promise<boolean>) | undefined
}

/** True lets a request pass; else it was answered. Rejects with what belongs on the framework's error path. */
export type ConcurrencyGate<Context> = (exchange: Exchange<Context>) => Promise<boolean>

/** When a slot comes free nobody knows: the first moment that the header can name. */
const retryAfter = 1

/** All that the middleware does, for any framework. The slot is given back when the response is over, however it ended. */
export function createConcurrencyGate<Context>(
  options: LimitConcurrencyOptions<Context>,
): ConcurrencyGate<Context> {
  checkOptions('limitConcurrency', options, [...concurrencyOptionNames, 'key', 'skip'])
  const { key, skip, ...settings } = options
  checkFunction(key, 'key')
  checkFunction(skip, 'skip')
  const limiter = createConcurrencyLimiter(settings)
  return async function gate(exchange) {
    const { context, ip } = exchange
    if (await skip?.(context)) return true
    const slot = await enterUnlessClosed(limiter, key ? await key(context) : clientKey(ip))
    if (slot === 'full') answer(exchange, 429, 'Too many requests at once')
    else if (slot === 'unavailable') answer(exchange, 503, 'Service unavailable')
    else exchange.onClosed(() => void slot.release())
    return typeof slot === 'object'
  }
}

async function enterUnlessClosed(
  limiter: ConcurrencyLimiter,
  key: string,
): Promise<Slot | 'full' | 'unavailable'> {
  try {
    return (await limiter.enter(key)) ?? 'full'
  } catch (error) {
    if (isStoreFailure(error)) return 'unavailable'
    throw error
  }
}

function answer(exchange: Exchange, status: number, error: string): void {
  exchange.answer({
    status,
    headers: { 'Retry-After': String(retryAfter) },
    body: { error, retryAfter },
  })
}
