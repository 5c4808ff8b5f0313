import { readdirSync } from 'node:fs'
import { join, relative } from 'node:path'
import { pages } from '@sluice/example-express-shop'
import {
  createClient,
  expressMain,
  openShop,
  type Client,
  type Reply,
  type ShopProcess,
} from '@sluice/example-express-shop/test-suite'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { koaMain } from './koa-main.ts'

type Send = (client: Client) => Promise<Reply>

const get =
  (path: string): Send =>
  (client) =>
    client.get(path)
const post =
  (path: string, body?: object): Send =>
  (client) =>
    client.post(path, body)
const remove =
  (path: string): Send =>
  (client) =>
    client.delete(path)

/** Sent one after the other by one visitor. */
const requests: readonly [string, Send][] = [
  ['the page', get('/')],
  ...filesIn(pages.folder).map((path): [string, Send] => [path, get(path)]),
  ['health', get('/health')],
  ['the list of products', get('/products')],
  ['the list of products again', get('/products')],
  ['a product', get('/products/tea')],
  ['the same product', get('/products/tea')],
  ['no product', get('/products/none')],
  ['a path that cannot be decoded', get('/products/%ff')],
  ['a key that is too long', get(`/products/${'x'.repeat(2000)}`)],
  ['nothing there', get('/nothing')],
  ['nothing there in the API', get('/api/nothing')],
  ['another method', post('/products/tea')],
  ['an empty cart', get('/api/cart')],
  ['the checkout of nothing', post('/api/checkout')],
  ['the devices of nobody', get('/api/devices')],
  ['an item', post('/api/cart', { product: 'tea' })],
  ['no item', post('/api/cart', { product: '' })],
  ['a list for a body', post('/api/cart', ['tea'])],
  ['a body that is too long', post('/api/cart', { product: 'x'.repeat(20_000) })],
  ['a sign-in', post('/api/auth/sign-in', { name: 'Ada' })],
  ['a sign-in without a name', post('/api/auth/sign-in')],
  ['the cart of a user', get('/api/cart')],
  ['the devices', get('/api/devices')],
  ['a checkout', post('/api/checkout')],
  ['the cart after it', get('/api/cart')],
  ['an order', post('/api/orders', { id: 'first' })],
  ['an order with a bad id', post('/api/orders', { id: '../x' })],
  ['no such order', get('/api/orders/none')],
  ['statistics', get('/api/admin/stats')],
  ['forgetting the list', remove('/api/admin/products')],
  ['forgetting a product', remove('/api/admin/products/tea')],
  ['forgetting what is not there', remove('/api/admin/products/none2')],
  ['a sign-out everywhere', post('/api/auth/sign-out-everywhere')],
  ['a sign-out everywhere of nobody', post('/api/auth/sign-out-everywhere')],
  ['a sign-out', post('/api/auth/sign-out')],
]

/** What the two have to have in common: `ETag` and the headers of the connection are left to the framework. */
const alike = [
  'Age',
  'Cache-Control',
  'Cache-Status',
  'Content-Type',
  'RateLimit-Policy',
  'Retry-After',
  'X-RateLimit-Limit',
]

describe('the Express and the Koa shop', () => {
  const shops: ShopProcess[] = []
  let clients: readonly Client[]
  beforeAll(async () => {
    for (const main of [expressMain, koaMain]) shops.push(await openShop({}, main))
    clients = shops.map(({ url }) => createClient(url))
  })
  afterAll(async () => {
    for (const shop of shops) await shop[Symbol.asyncDispose]()
  })

  it.each(requests)('answer alike: %s', async (_, send) => {
    const [express, koa] = await Promise.all(clients.map(send))
    expect(visible(koa)).toEqual(visible(express))
  })
})

/** The paths of the page and all that it loads. */
function filesIn(folder: string): string[] {
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true })
  const files = entries.filter((entry) => entry.isFile())
  return files.map(({ parentPath, name }) => `/${relative(folder, join(parentPath, name))}`)
}

/** What does not differ from one run to the next. */
function visible(reply: Reply | undefined): object {
  const body = JSON.stringify(reply?.body)
    .replace(/"(tookMs|pid)":\d+/g, '"$1":0')
    .replace(/"(signedInAt|lastSeenAt)":"[^"]+"/g, '"$1":""')
    .replace(/[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}/g, 'uuid')
  const headers = alike.map(
    (name) => `${name}: ${reply?.headers.get(name)?.replace(/ttl=\d+/, 'ttl')}`,
  )
  return { status: reply?.status, body, headers }
}
