import type { Store } from '@sluice/core'
import { describe, expect, it } from 'vitest'
import { createBench, createGate, turns } from './fixtures.ts'

const loadAll = (asked: string[][]) => (keys: readonly string[]) => {
  asked.push([...keys])
  return new Map(keys.map((key) => [key, `${key}!`]))
}

describe('many keys', () => {
  it('are read in one batch, and what is missing is loaded in one', async () => {
    const reads: (readonly string[])[] = []
    const wrapStore = (store: Store): Store => ({
      ...store,
      getMany: (keys) => (reads.push(keys), store.getMany(keys)),
    })
    const { guard } = createBench({ wrapStore })
    await guard.set('b', 'kept')
    const asked: string[][] = []
    const { values, errors } = await guard.getMany(['a', 'b', 'c', 'a'], loadAll(asked))
    expect([...values]).toEqual([
      ['a', 'a!'],
      ['b', 'kept'],
      ['c', 'c!'],
    ])
    expect([errors.size, asked, reads.length]).toEqual([0, [['a', 'c']], 1])
    expect(await guard.get('c', () => 'unused')).toBe('c!')
  })

  it('join loads that are under way, and others join theirs', async () => {
    const { guard } = createBench()
    const gate = createGate<string>()
    const first = guard.get('a', gate.load)
    await turns()
    const asked: string[][] = []
    const batch = guard.getMany(['a', 'b'], loadAll(asked))
    const second = guard.get('b', gate.load)
    await turns()
    gate.open('gate')
    expect(Object.fromEntries((await batch).values)).toEqual({ a: 'gate', b: 'b!' })
    expect([await first, await second, asked, gate.calls()]).toEqual(['gate', 'b!', [['b']], 1])
  })

  it('fail one by one, and together when the loader fails', async () => {
    const { guard } = createBench()
    const failure = new Error('no b')
    const partly = await guard.getMany(['a', 'b', 'c'], () => ({ a: 1, b: failure }))
    expect([...partly.values]).toEqual([['a', 1]])
    expect([...partly.errors]).toEqual([['b', failure]])
    const whole = await guard.getMany(['a', 'b'], () => Promise.reject(failure))
    expect([...whole.values, ...whole.errors]).toEqual([
      ['a', 1],
      ['b', failure],
    ])
  })

  it('of which there are none ask for nothing', async () => {
    const { guard } = createBench()
    const asked: string[][] = []
    const { values, errors } = await guard.getMany([], loadAll(asked))
    expect([values.size, errors.size, asked]).toEqual([0, 0, []])
  })
})

describe('a guard that is closed', () => {
  it('waits for the refreshes under way and refuses later calls', async () => {
    const { guard, clock, cache } = createBench({ staleWhileRevalidate: '1m' })
    await guard.get('a', () => 'old')
    clock.advance('61s')
    const gate = createGate<string>()
    await guard.get('a', gate.load)
    await turns()
    let closed = false
    const closing = guard.close().then(() => (closed = true))
    await turns()
    expect(closed).toBe(false)
    gate.open('new')
    await closing
    expect(await cache.get('a')).toMatchObject({ value: 'new' })
    for (const call of [guard.get('a', () => 1), guard.delete('a'), guard.peek('a')]) {
      await expect(call).rejects.toMatchObject({ code: 'SLUICE_GUARD_CLOSED' })
    }
  })

  it('drops refreshes that take longer than the bound, and tells their loaders', async () => {
    const { guard, clock, cache } = createBench({ staleWhileRevalidate: '1m' })
    await guard.get('a', () => 'old')
    clock.advance('61s')
    const gate = createGate<string>()
    let seen: AbortSignal | undefined
    await guard.get('a', ({ signal }) => ((seen = signal), gate.load()))
    await turns()
    await guard.close(1)
    expect(seen?.aborted).toBe(true)
    gate.open('new')
    await turns()
    expect(await cache.get('a')).toMatchObject({ value: 'old' })
  })

  it('is closed at the end of a block', async () => {
    const { guard } = createBench()
    {
      await using block = guard
      await block.get('a', () => 1)
    }
    await expect(guard.get('a', () => 1)).rejects.toMatchObject({ code: 'SLUICE_GUARD_CLOSED' })
  })
})
