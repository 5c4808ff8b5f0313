import { createCache } from '@sluice/core'
import { describe, expect, it } from 'vitest'

describe('copies', () => {
  const made = () => ({ list: [{ at: 1 }, [2, { deep: null }]], text: 'x', flag: false })

  it('a reader may change all that it got: the next gets what was written', async () => {
    const cache = createCache()
    await cache.set('a', made())
    for (let time = 0; time < 3; time++) {
      const got = await cache.get<ReturnType<typeof made>>('a')
      expect(got).toEqual(made())
      Object.assign(got!.list[0]!, { at: 'spoilt' })
      Object.assign((got!.list[1] as unknown[])[1]!, { deep: 'spoilt' })
      got!.list.push([])
    }
  })

  it('what is written later is read, be it as long as what was there', async () => {
    const cache = createCache()
    await cache.set('a', { at: 1 })
    expect(await cache.get('a')).toEqual({ at: 1 })
    await cache.set('a', { at: 2 })
    expect(await cache.get('a')).toEqual({ at: 2 })
  })

  it('what is more than plain data comes whole to each reader', async () => {
    const cache = createCache()
    const value = { on: new Date(5), of: new Map([['a', new Set([1])]]), bytes: Buffer.from('x') }
    await cache.set('a', value)
    const first = await cache.get<typeof value>('a')
    first!.on.setTime(9)
    first!.bytes[0] = 0
    expect(await cache.get('a')).toEqual(value)
  })
})
