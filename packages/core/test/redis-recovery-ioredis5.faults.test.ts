import { Redis } from 'ioredis'
import { expect, it, vi } from 'vitest'
import { recoverySuite } from './recovery-suite.ts'

// The oldest major that is supported, in place of the newest: the store opens its clients with what is installed.
vi.mock('ioredis', () => import('ioredis5'))

it('this file runs on ioredis 5', () => {
  expect(new Redis({ lazyConnect: true }).options).not.toHaveProperty('protocol')
})

recoverySuite()
