import { createCache } from '@sluice/core'
import { redisStore } from '@sluice/core/redis'
import { redisUrl, uniquePrefix } from '@sluice/testkit'
import { afterAll, beforeEach } from 'vitest'
import { heldStore, ttlsOf } from './stock-sessions.ts'
import { koaCases } from './stock-cases.ts'
import { stockSuite } from './stock-suite.ts'

const shared = redisStore({ url: redisUrl(), commandTimeout: '5s' })
afterAll(() => shared.close())
let prefix = ''
beforeEach(() => void (prefix = uniquePrefix('stock')))

stockSuite(koaCases, () => {
  const held = heldStore(shared)
  const cache = createCache({ store: held.store, prefix })
  return { cache, held, ttls: () => ttlsOf(shared, `${prefix}*`) }
})
