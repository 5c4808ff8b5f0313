import { createCache } from '@sluice/core'
import { createGuard, type ManyResult, type Peek } from '@sluice/stampede-guard'
import { expectTypeOf } from 'vitest'

interface Product {
  readonly id: number
  readonly name: string
}

declare function findProduct(id: number, locale?: string): Promise<Product | undefined>

const guard = createGuard({ cache: createCache(), ttl: '5m' })

// wrap keeps the arguments and the result, and gives the arguments to `key`.
const wrapped = guard.wrap(findProduct, {
  key: (id, locale) => {
    expectTypeOf(id).toEqualTypeOf<number>()
    expectTypeOf(locale).toEqualTypeOf<string | undefined>()
    return `product:${id}:${locale}`
  },
})
expectTypeOf(wrapped).toExtend<typeof findProduct>()
expectTypeOf(wrapped).returns.toEqualTypeOf<Promise<Product | undefined>>()
// @ts-expect-error an argument of the wrong type
void wrapped('7')
// @ts-expect-error an argument that is missing
void wrapped()

// A function that answers at once becomes one that answers later.
expectTypeOf(guard.wrap((text: string) => text.length, { key: (text) => text })).toEqualTypeOf<
  (text: string) => Promise<number>
>()
// @ts-expect-error without a key, all calls would share one entry
guard.wrap(findProduct, {})
// @ts-expect-error a key is text
guard.wrap(findProduct, { key: (id) => id })

// get gives what the loader gives.
expectTypeOf(guard.get('a', () => findProduct(1))).toEqualTypeOf<Promise<Product | undefined>>()
expectTypeOf(guard.get('a', ({ key }) => key)).toEqualTypeOf<Promise<string>>()
// @ts-expect-error a duration needs a unit
void guard.get('a', () => 1, { ttl: '5' })

expectTypeOf(guard.refresh('a', () => findProduct(1))).toEqualTypeOf<Promise<Product | undefined>>()

// A loader that says that nothing has changed has the type of its other values.
const conditional = guard.get('a', async ({ previous, notModified, signal }) => {
  expectTypeOf(previous?.value).toEqualTypeOf<unknown>()
  expectTypeOf(signal).toEqualTypeOf<AbortSignal>()
  return previous === undefined ? { etag: 'x' } : notModified()
})
expectTypeOf(conditional).toEqualTypeOf<Promise<{ etag: string }>>()

const manyProducts = guard.getMany(['1', '2'], async (keys) => {
  expectTypeOf(keys).toEqualTypeOf<readonly string[]>()
  return new Map<string, Product | Error>()
})
expectTypeOf(manyProducts).toEqualTypeOf<Promise<ManyResult<Product>>>()
const names = guard.getMany(['1'], (keys) => Object.fromEntries(keys.map((key) => [key, key])))
expectTypeOf(names).toEqualTypeOf<Promise<ManyResult<string>>>()

// @ts-expect-error a mode that there is not
void guard.invalidateTags(['red'], 'soft')

expectTypeOf(guard.peek<Product>('a')).toEqualTypeOf<Promise<Peek<Product>>>()
const peeked = await guard.peek<Product>('a')
if (peeked.hit) expectTypeOf(peeked.value).toEqualTypeOf<Product>()
// @ts-expect-error a miss has no value
else void peeked.value

// @ts-expect-error a guard without a ttl would keep values for ever
createGuard({ cache: createCache() })
