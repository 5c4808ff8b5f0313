import { redisStore } from '@sluice/core/redis'
import { redisUrl, uniquePrefix } from '@sluice/testkit'
import { afterAll } from 'vitest'
import { keysWithoutTtlSuite } from './keys-without-ttl-suite.ts'

const store = redisStore({ url: redisUrl() })
afterAll(() => store.close())

keysWithoutTtlSuite(() => ({ store, prefix: uniquePrefix('ttl') }))
