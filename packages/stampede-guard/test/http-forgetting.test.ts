import { flakyStore, manualFaults } from '@sluice/core/testing'
import { httpApps, waitUntil, type RouteHandler } from '@sluice/testkit'
import { describe, expect, it } from 'vitest'
import { setUp, tagResponse, turns, type Handler } from './cached-app.ts'
import { createGate } from './fixtures.ts'

const page: Handler = (_context, run) => `page ${run}`

/** Answers a change with a status, and names other pages. */
const change: RouteHandler = ({ query, status, set }) => {
  for (const name of ['Location', 'Content-Location']) {
    const value = query.get(name)
    if (value !== null) set(name, value)
  }
  status(Number(query.get('status') ?? 200))
  return 'done'
}

const routes = Object.fromEntries(
  ['POST', 'PUT', 'PATCH', 'DELETE'].flatMap((method) =>
    ['/page', '/other'].map((path) => [`${method} ${path}`, change]),
  ),
)

describe.each(httpApps)('in $name', (factory) => {
  it.each(['post', 'put', 'patch', 'delete'] as const)(
    'a %s that succeeds forgets its page, whatever the query',
    async (method) => {
      const { get, send } = setUp(factory, page, { routes })
      await get('/page?q=1').expect('page 1')
      await send(method, '/page').expect(200).expect('Cache-Status', 'sluice; fwd=method')
      await get('/page?q=1').expect('page 2')
      await get('/page?q=1').expect('page 2')
    },
  )

  it('a redirect forgets, an error does not', async () => {
    const { get, send } = setUp(factory, page, { routes })
    await get().expect('page 1')
    await send('post', '/page?status=422').expect(422)
    await send('post', '/page?status=500').expect(500)
    await get().expect('page 1')
    await send('post', '/page?status=303').expect(303)
    await get().expect('page 2')
  })

  it('the pages that a change names are forgotten, on its own host', async () => {
    const { get, send } = setUp(factory, page, { routes })
    await get().expect('page 1')
    await send('post', '/other?Location=/page').expect(200)
    await get().expect('page 2')
    await send('post', '/other?Content-Location=http://shop.example/page').expect(200)
    await get().expect('page 3')
    await send('post', '/other?Location=http://evil.example/page').expect(200)
    await send('post', '/other').expect(200)
    await get().expect('page 3')
  })

  it('a page that is being made when it is forgotten is not kept', async () => {
    const gate = createGate<string>()
    const { app, arrived, send, get } = setUp(
      factory,
      (_context, run) => (run === 1 ? gate.load() : `page ${run}`),
      { routes },
    )
    await using listening = await app.listen()
    const asked = fetch(`${listening.url}/page`)
    await arrived(1)
    const host = { Host: new URL(listening.url).host }
    await send('post', '/page').set(host).expect(200)
    gate.open('page of before')
    expect(await (await asked).text()).toBe('page of before')
    await turns()
    await get('/page', host).expect('page 2')
  })

  it('who asks after a change never gets what was made before it, not even by waiting', async () => {
    const gate = createGate<string>()
    const { app, arrived, send } = setUp(
      factory,
      (_context, run) => (run === 1 ? gate.load() : `page ${run}`),
      { routes },
    )
    await using listening = await app.listen()
    const ask = async () => (await fetch(`${listening.url}/page`)).text()
    const before = ask()
    await arrived(1)
    await send('post', '/page').set({ Host: new URL(listening.url).host })
    const after = ask()
    await arrived(3)
    gate.open('page of before')
    expect([await before, await after]).toEqual(['page of before', 'page 2'])
  })

  it('who asks after a change does not get what was being written when it came', async () => {
    const gate = createGate<string>()
    const faults = manualFaults()
    const { app, arrived, purge, clock } = setUp(
      factory,
      (_context, run) => (run === 2 ? gate.load() : `page ${run}`),
      { wrapStore: (store) => flakyStore(store, faults) },
    )
    await using listening = await app.listen()
    const ask = async () => (await fetch(`${listening.url}/page`)).text()
    await ask()
    clock.advance('1m')
    const before = ask()
    await arrived(2)
    // The body is being written: nothing was invalidated when that began.
    const release = faults.hold({ on: 'set' })
    gate.open('page of before')
    await before
    await waitUntil(() => faults.held === 1, { what: 'the body to be written' })
    await purge.byUrl(`${listening.url}/page`)
    const after = ask()
    await arrived(3)
    release()
    expect(await after).toBe('page 3')
  })

  it('a tag forgets all responses that have it, by the route or by the handler', async () => {
    const { get, purge, runs } = setUp(
      factory,
      (context, run) => {
        tagResponse(context, `id:${context.query.get('id')}`, 'all')
        return `page ${run}`
      },
      { tags: (req) => [`path:${req.path}`] },
    )
    const both = async () => [(await get('/page?id=1')).text, (await get('/page?id=2')).text]
    expect(await both()).toEqual(['page 1', 'page 2'])
    expect(await both()).toEqual(['page 1', 'page 2'])
    await purge.byTag('id:2')
    expect(await both()).toEqual(['page 1', 'page 3'])
    await purge.byTag('all', 'none')
    expect(await both()).toEqual(['page 4', 'page 5'])
    await purge.byTag('path:/page')
    expect(await both()).toEqual(['page 6', 'page 7'])
    await purge.byTag()
    await both()
    expect(runs()).toBe(7)
  })

  it('a tag that is forgotten while its page is made keeps the page out', async () => {
    const gate = createGate<string>()
    const { app, arrived, purge, runs } = setUp(factory, async (context, run) => {
      const text = run === 1 ? await gate.load() : `page ${run}`
      tagResponse(context, 'all')
      return text
    })
    await using listening = await app.listen()
    const ask = async () => (await fetch(`${listening.url}/page`)).text()
    const asked = ask()
    await arrived(1)
    await purge.byTag('all')
    gate.open('page of before')
    await asked
    expect([await ask(), await ask(), runs()]).toEqual(['page 2', 'page 2', 2])
  })

  it('a URL forgets its page with every query, and in every spelling', async () => {
    const { get, purge } = setUp(factory, page)
    await get('/page?a=1').expect('page 1')
    for (const url of ['/page', '/page?x=y', '/PAGE/', '/p%61ge']) {
      const { text } = await get('/page?a=1')
      await purge.byUrl(`https://SHOP.example:8080${url}`)
      expect((await get('/page?a=1')).text).not.toBe(text)
    }
    const { text } = await get('/page?a=1')
    await purge.byUrl('https://other.example/page')
    await purge.byUrl(new URL('https://shop.example/pages'))
    await get('/page?a=1').expect(text)
  })

  it('clearing the cache clears the responses', async () => {
    const { get, cache } = setUp(factory, page)
    await get().expect('page 1')
    await cache.clear()
    await get().expect('page 2')
    await get().expect('page 2')
  })

  it('a generation that is lost brings nothing back that was forgotten', async () => {
    const { get, cache, purge } = setUp(factory, page, { tags: ['all'] })
    await get().expect('page 1')
    await purge.byTag('all')
    await cache.namespace('http-responses').deleteMatching('tag:*')
    await get().expect('page 2')
    await cache.namespace('http-responses').delete('invalidations')
    await get().expect('page 2')
    await purge.byTag('all')
    await get().expect('page 3')
    await get().expect('page 3')
  })

  it('tags work on requests that are not cached, and mean nothing there', async () => {
    const { get, head } = setUp(factory, (context, run) => {
      tagResponse(context, 'all')
      return `page ${run}`
    })
    await get('/page', { cookie: 'sid=1' }).expect(200, 'page 1')
    await head().expect(200)
  })
})
