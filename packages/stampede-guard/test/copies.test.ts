import { ValueError } from '@sluice/core'
import { expect, it } from 'vitest'
import { createBench, createGate, turns } from './fixtures.ts'

interface Product {
  tags: string[]
  since: Date
}

const product = (): Product => ({ tags: ['new'], since: new Date(0) })

it('each caller of a shared load gets a copy of its own', async () => {
  const { guard } = createBench()
  const gate = createGate<Product>()
  const callers = [guard.get('a', gate.load), guard.get('a', gate.load), guard.get('a', gate.load)]
  const changed = callers.map(async (caller) => {
    const mine = await caller
    mine.tags.push('changed')
    return mine
  })
  const source = product()
  gate.open(source)
  for (const mine of await Promise.all(changed)) {
    expect(mine).toEqual({ tags: ['new', 'changed'], since: new Date(0) })
  }
  expect(source).toEqual(product())
  expect(await guard.get('a', product)).toEqual(product())
})

it('each caller of a shared hit gets a copy of its own', async () => {
  const { guard } = createBench()
  await guard.set('a', product())
  const changed = Array.from({ length: 3 }, async () => {
    const mine = await guard.get('a', product)
    mine.tags.push('changed')
    mine.since.setTime(1)
    return mine.tags
  })
  expect(await Promise.all(changed)).toEqual(changed.map(() => ['new', 'changed']))
  expect(await guard.get('a', product)).toEqual(product())
})

it('what a loader keeps for itself is not changed by those who get it', async () => {
  const { guard } = createBench()
  const kept = product()
  const mine = await guard.get('a', () => kept)
  mine.tags.push('changed')
  expect(kept).toEqual(product())
})

it('a value that no cache can keep is refused with its path, and the callers get the error', async () => {
  const { guard } = createBench()
  const gate = createGate<unknown>()
  const callers = [guard.get('a', gate.load), guard.get('a', gate.load)]
  await turns()
  gate.open({ items: [{ format: () => 'text' }] })
  for (const caller of callers) {
    const refusal = await caller.then(undefined, (error: unknown) => error)
    expect(refusal).toBeInstanceOf(ValueError)
    expect(refusal).toMatchObject({ code: 'SLUICE_VALUE', path: '$.items[0].format' })
  }
})
