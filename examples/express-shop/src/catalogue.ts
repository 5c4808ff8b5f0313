import type { Cache } from '@sluice/core'
import { createGuard } from '@sluice/stampede-guard'
import { Router } from 'express'
import { setTimeout as sleep } from 'node:timers/promises'

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

/** The products, behind a guard. */
export interface Catalogue {
  find(id: string): Promise<FoundProduct>
  /** Forgets what is cached, as after a change of price. */
  forget(id: string): Promise<boolean>
  /** How often this process asked the slow source. */
  sourceLoads(): number
}

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

  async function loadProduct(id: string): Promise<Product | null> {
    loads++
    await sleep(sourceMs)
    return products.find((product) => product.id === id) ?? null
  }

  return {
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
  }
}

/** `GET /products/:id` */
export function productRoutes(catalogue: Catalogue): Router {
  return Router().get('/:id', async (req, res) => {
    const found = await catalogue.find(req.params.id)
    res.status(found.product === null ? 404 : 200).json(found)
  })
}
