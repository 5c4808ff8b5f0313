import { createClient, expressMain, openShop } from '@sluice/example-express-shop/test-suite'
import { startRedis } from '@sluice/testkit'
import { expect, it } from 'vitest'
import { koaMain } from './koa-main.ts'

it('the Express and the Koa shop share sign-ins, carts, limits, products and orders on one Redis', async () => {
  await using redis = await startRedis()
  await using express = await openShop({ REDIS_URL: redis.url }, expressMain)
  await using koa = await openShop({ REDIS_URL: redis.url }, koaMain)
  const ada = createClient(express.url)
  const signedIn = await ada.post('/api/auth/sign-in', { name: 'Ada' })
  await ada.post('/api/cart', { product: 'tea' })
  expect((await ada.get('/api/cart', koa.url)).body).toEqual({ user: 'Ada', cart: ['tea'] })

  const again = await ada.post('/api/auth/sign-in', { name: 'Ada' }, koa.url)
  const left = [signedIn, again].map(({ headers }) => headers.get('X-RateLimit-Remaining'))
  expect(left).toEqual(['9', '8'])

  expect((await ada.get('/products/cup')).body).toMatchObject({ cache: 'miss' })
  expect((await ada.get('/products/cup', koa.url)).body).toMatchObject({ cache: 'hit' })

  const tabs = [ada.post('/api/checkout', {}), ada.post('/api/checkout', {}, koa.url)]
  const answers = (await Promise.all(tabs)).map(({ status }) => status)
  expect(answers.toSorted((a, b) => a - b)).toEqual([201, 409])
})
