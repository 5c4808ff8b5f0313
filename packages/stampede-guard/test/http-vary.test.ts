import { httpApps } from '@sluice/testkit'
import { describe, expect, it } from 'vitest'
import { setUp, turns, type Handler } from './cached-app.ts'

/** A page in the language, and the coding, that was asked for. */
const by =
  (...names: string[]): Handler =>
  ({ set, header }, run) => {
    set('Vary', names.join(', '))
    return `${names.map((name) => header(name) ?? 'none').join(' ')} ${run}`
  }

describe.each(httpApps)('in $name', (factory) => {
  it('each variant of a page is made once and kept beside the others', async () => {
    const { get } = setUp(factory, by('Accept-Language', 'X-Theme'))
    const ask = (language: string, theme?: string) =>
      get('/page', {
        'accept-language': language,
        ...(theme !== undefined && { 'x-theme': theme }),
      })
    await ask('de').expect('de none 1')
    await ask('en').expect('en none 2').expect('Cache-Status', 'sluice; fwd=vary-miss; stored')
    await ask('en', 'dark').expect('en dark 3')
    await ask('de').expect('de none 1')
    await ask('en').expect('en none 2')
    await ask('en', 'dark').expect('en dark 3').expect('Vary', 'Accept-Language, X-Theme')
  })

  it('a header that is not there matches only one that is not there', async () => {
    const { get } = setUp(factory, by('X-Theme'))
    await get('/page', { 'x-theme': 'none' }).expect('none 1')
    await get().expect('none 2')
    await get('/page', { 'x-theme': 'none' }).expect('none 1')
  })

  it('responses of one URL may vary by different headers', async () => {
    const { get } = setUp(factory, ({ set, header }, run) => {
      set('Vary', header('x-beta') === 'yes' ? 'X-Beta, Accept' : 'X-Beta')
      return `page ${run}`
    })
    await get('/page', { 'x-beta': 'yes', accept: 'text/a' }).expect('page 1')
    await get('/page', { 'x-beta': 'no', accept: 'text/a' }).expect('page 2')
    await get('/page', { 'x-beta': 'no', accept: 'text/b' }).expect('page 2')
    await get('/page', { 'x-beta': 'yes', accept: 'text/b' }).expect('page 3')
    await get('/page', { 'x-beta': 'yes', accept: 'text/a' }).expect('page 1')
  })

  it('values that mean the same share a variant', async () => {
    const coded = setUp(factory, by('Accept-Encoding'))
    const codings = (value: string) => coded.get('/page', { 'accept-encoding': value })
    await codings('gzip, br').expect('gzip, br 1')
    await codings('br;q=0.5,GZIP').expect('gzip, br 1')
    await codings('gzip, br;q=0').expect('gzip, br;q=0 2')
    await codings('gzip').expect('gzip, br;q=0 2')
    await codings('gzip, *').expect('gzip, * 3')
    await codings('gzip, identity;q=0').expect('gzip, identity;q=0 4')

    const spoken = setUp(factory, by('Accept-Language'))
    const languages = (value: string) => spoken.get('/page', { 'accept-language': value })
    await languages('de-DE, en;q=0.8').expect('de-DE, en;q=0.8 1')
    await languages('en;q=0.1,de-de;q=0.9').expect('de-DE, en;q=0.8 1')
    await languages('en, de-DE;q=0.8').expect('en, de-DE;q=0.8 2')
  })

  it('a normalizer of one’s own says which values are alike', async () => {
    const { get } = setUp(factory, by('Accept-Language'), {
      normalize: { 'Accept-Language': (value) => (value.startsWith('de') ? 'de' : 'en') },
    })
    await get('/page', { 'accept-language': 'de-AT' }).expect('de-AT 1')
    await get('/page', { 'accept-language': 'de-CH' }).expect('de-AT 1')
    await get('/page', { 'accept-language': 'fr' }).expect('fr 2')
  })

  it('only so many variants are kept, and the oldest makes room', async () => {
    const { get } = setUp(factory, by('X-Theme'), { maxVariants: 2 })
    const ask = (theme: string) => get('/page', { 'x-theme': theme })
    await ask('a').expect('a 1')
    await ask('b').expect('b 2')
    await ask('c').expect('c 3')
    await ask('b').expect('b 2')
    await ask('a').expect('a 4')
  })

  it('of many who ask at once, one of each variant runs the handler', async () => {
    let open: () => void = () => undefined
    const opened = new Promise<void>((resolve) => (open = resolve))
    const { app, runs } = setUp(factory, async ({ set, header }) => {
      await opened
      set('Vary', 'X-Theme')
      return String(header('x-theme'))
    })
    await using listening = await app.listen()
    const asked = Array.from({ length: 21 }, async (_, at) => {
      const theme = ['a', 'b', 'c'][at % 3] ?? ''
      const response = await fetch(`${listening.url}/page`, { headers: { 'x-theme': theme } })
      return (await response.text()) === theme
    })
    await turns()
    open()
    expect(await Promise.all(asked)).toEqual(asked.map(() => true))
    expect(runs()).toBe(3)
  })
})
