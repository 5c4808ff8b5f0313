import { setTimeout as sleep } from 'node:timers/promises'
import type { Cache } from '@sluice/core'
import { createGuard } from '@sluice/stampede-guard'

/** Something to buy. */
export interface Product {
  readonly id: string
  readonly name: string
  readonly priceCents: number
}

/** A product, and what it took to get it. */
export interface FoundProduct {
  readonly product: Product | null
  /** `miss` for the caller whose request ran the slow source. */
  readonly cache: 'hit' | 'miss'
  readonly tookMs: number
}

/** The products. */
export interface Catalogue {
  /** All of them, straight from the slow source: for a route behind `cacheResponse`. */
  list(): Promise<readonly Product[]>
  /** One of them, behind a guard. */
  find(id: string): Promise<FoundProduct>
  /** Forgets what is cached, as after a change of price. */
  forget(id: string): Promise<boolean>
  /** How often this process asked the slow source. */
  sourceLoads(): number
  /** Waits for the refreshes under way. */
  stop(): Promise<void>
}

/** By which the responses that hold the list are forgotten. */
export const listTag = 'products'

/** Cache-Control of the list: `cacheResponse` may keep it for a minute; a browser asks again, and gets 304 if it is the same. */
export const listCaching = 'public, max-age=0, s-maxage=60'

const products: readonly Product[] = [
  { id: 'tea', name: 'Tea, 100 g', priceCents: 690 },
  { id: 'pot', name: 'Tea pot', priceCents: 3900 },
  { id: 'cup', name: 'Cup', priceCents: 1250 },
]

/** How slow the database is that this shop does not have. */
const sourceMs = 300

/** Makes the catalogue: entries live a minute and are refreshed early while they are in demand. */
export function createCatalogue(cache: Cache): Catalogue {
  const guard = createGuard({ cache, ttl: '1m' })
  let loads = 0

  async function loadProducts(): Promise<readonly Product[]> {
    loads++
    await sleep(sourceMs)
    return products
  }

  async function loadProduct(id: string): Promise<Product | null> {
    const all = await loadProducts()
    return all.find((product) => product.id === id) ?? null
  }

  return {
    list: loadProducts,
    async find(id) {
      const started = performance.now()
      let ran = false
      const product = await guard.get(`product:${id}`, () => {
        ran = true
        return loadProduct(id)
      })
      return {
        product,
        cache: ran ? 'miss' : 'hit',
        tookMs: Math.round(performance.now() - started),
      }
    },
    forget: (id) => guard.delete(`product:${id}`),
    sourceLoads: () => loads,
    stop: () => guard.close(),
  }
}
