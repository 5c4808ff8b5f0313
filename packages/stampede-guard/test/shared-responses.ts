import { createCache, type Store } from '@sluice/core'
import { httpApps, uniquePrefix } from '@sluice/testkit'
import { describe, expect, it, onTestFinished } from 'vitest'
import { askUntilHit, setUp, tagResponse, type Handler, type Options } from './cached-app.ts'

/** What `cacheResponse` promises to processes that share a store. @param openStore a store for each process */
export function describeSharedResponses(openStore: () => Store): void {
  /** So many processes with one app each: stores, caches and middleware of their own. */
  function open(count: number, handler: Handler, options: Options = {}) {
    const prefix = uniquePrefix()
    return Array.from({ length: count }, () => {
      const cache = createCache({ store: openStore(), prefix })
      onTestFinished(() => cache.close())
      return setUp(httpApps[0]!, handler, { ...options, cache })
    })
  }

  describe('processes that share a store', () => {
    it('share the pages, bytes and headers and all', async () => {
      const bytes = Buffer.from(Array.from({ length: 1000 }, (_, at) => at % 256))
      const [one, other] = open(2, ({ set }) => {
        set('X-Kind', 'page')
        set('Content-Type', 'application/octet-stream')
        return bytes
      })
      const first = await askUntilHit(() => one!.get().expect(200))
      const second = await other!.get().expect(200).expect('Cache-Status', /hit/)
      expect(second.body).toEqual(bytes)
      expect(second.headers).toMatchObject({
        'x-kind': 'page',
        etag: first.headers['etag'],
        'content-length': '1000',
      })
      expect(other!.runs()).toBe(0)
    })

    it('keep each other’s variants', async () => {
      const [one, other] = open(2, ({ set, header }) => {
        set('Vary', 'X-Theme')
        return String(header('x-theme'))
      })
      const ask = (app: typeof one, theme: string) => app!.get('/page', { 'x-theme': theme })
      await Promise.all([askUntilHit(() => ask(one, 'a')), askUntilHit(() => ask(other, 'b'))])
      await ask(one, 'b').expect('b')
      await ask(other, 'a').expect('a')
      expect([one!.runs(), other!.runs()]).toEqual([1, 1])
    })

    it('forget together: by tag, by URL, by a change', async () => {
      const [one, other] = open(
        2,
        (context, run) => {
          tagResponse(context, 'all', `id:${context.query.get('id')}`)
          return `page ${run}`
        },
        { routes: { 'POST /page': () => 'done' } },
      )
      for (const forget of [
        () => other!.purge.byTag('id:7'),
        () => other!.purge.byUrl('https://shop.example/page'),
        () => other!.send('post', '/page'),
      ]) {
        const { text } = await askUntilHit(() => one!.get('/page?id=7'))
        await forget()
        expect((await one!.get('/page?id=7')).text).not.toBe(text)
      }
    })

    it('keep nothing that was made while another forgot it', async () => {
      const [one, other] = open(2, async (context, run) => {
        tagResponse(context, 'all')
        if (run === 1) await other!.purge.byTag('all')
        return `page ${run}`
      })
      await one!.get().expect('page 1')
      expect(await askUntilHit(() => one!.get())).toMatchObject({ text: 'page 2' })
    })
  })
}
