import { nearStore } from '@sluice/core/near'
import { redisStore } from '@sluice/core/redis'
import { redisUrl } from '@sluice/testkit'
import { afterAll, describe } from 'vitest'
import { fidelitySuite } from './fidelity.ts'

describe('values on Redis', () => {
  const store = redisStore({ url: redisUrl() })
  afterAll(() => store.close())
  fidelitySuite(store)
})

describe('values in a near store', () => {
  const store = nearStore(redisStore({ url: redisUrl() }))
  afterAll(() => store.close())
  fidelitySuite(store)
})
