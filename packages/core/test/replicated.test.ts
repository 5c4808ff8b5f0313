import { memoryStore } from '@sluice/core/memory'
import { expect, it } from 'vitest'
import { keep } from './replicated-tools.ts'

it('memory has no replicas: what must be on one is refused, and not applied', async () => {
  const store = memoryStore()
  const replicas = { count: 1, timeoutMs: 100 }
  const refused = store.run(keep, { key: 'key', value: 'value' }, { replicas })
  await expect(refused).rejects.toMatchObject({
    code: 'SLUICE_STORE_UNAVAILABLE',
    reason: 'not-replicated',
    status: 503,
  })
  expect(await store.get('key')).toBeUndefined()
})
