// What the examples in Express and Koa share: the product, the job, and the questions of a visitor.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createLocks, withLock } from '@sluice/distributed-lock'
import { createGuard } from '@sluice/stampede-guard'

export const secret = 'a secret of at least thirty-two bytes'

/** A product behind a guard, and how often it was loaded. */
export function createCatalogue(cache) {
  let loads = 0
  const loadProduct = async (id) => {
    loads++
    return { id, name: 'Tea' }
  }
  const product = createGuard({ cache, ttl: '5m' }).wrap(loadProduct, {
    key: (id) => `product:${id}`,
  })
  return { product, loads: () => loads }
}

/** Two jobs of one order at once: the second waits for the first. */
export async function shipTwice(cache) {
  const steps = []
  const shipOrder = async ({ data }) => {
    steps.push(`begin ${data.orderId}`)
    await new Promise((resolve) => setImmediate(resolve))
    steps.push(`end ${data.orderId}`)
  }
  const key = (job) => `order:${job.data.orderId}`
  const locks = createLocks({ cache })
  const handler = withLock(locks, { key, ttl: '1m' }, shipOrder)
  await Promise.all([handler({ data: { orderId: 7 } }), handler({ data: { orderId: 7 } })])
  assert.deepEqual(steps, ['begin 7', 'end 7', 'begin 7', 'end 7'])
}

/** Visits an application of either framework, and ends its server. */
export async function visit(server, catalogue) {
  await once(server, 'listening')
  const ask = (path, headers = {}) =>
    fetch(`http://127.0.0.1:${server.address().port}${path}`, { headers })
  try {
    assert.equal((await ask('/me')).status, 401)
    const signedIn = await ask('/sign-in')
    assert.equal(signedIn.status, 200)
    const cookie = signedIn.headers.get('set-cookie').split(';')[0]
    const me = await ask('/me', { cookie })
    assert.deepEqual(await me.json(), { user: 'ada' })
    assert.match(me.headers.get('ratelimit'), /r=97/)

    assert.deepEqual(await (await ask('/products/tea')).json(), { id: 'tea', name: 'Tea' })
    await ask('/products/tea')
    assert.equal(catalogue.loads(), 1)
    for (let rest = 95; rest > 0; rest--) await ask('/me')
    assert.equal((await ask('/me')).status, 429)
  } finally {
    server.closeAllConnections()
    server.close()
  }
}
