import { redisStore } from '@sluice/core/redis'
import { storeContract } from '@sluice/core/testing'
import { sentinelOptions } from '@sluice/testkit'
import { describe, it } from 'vitest'
import { realSubject } from './real-subject.ts'

describe('redisStore on sentinels keeps the contract of a store', () => {
  const make = async () => realSubject(redisStore(sentinelOptions()))
  for (const { name, run } of storeContract(make)) it(name, run)
})
