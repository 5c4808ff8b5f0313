import { createCache, findKeysWithoutTtl } from '@sluice/core'
import { memoryStore } from '@sluice/core/memory'
import { expect, it } from 'vitest'
import { keysWithoutTtlSuite } from './keys-without-ttl-suite.ts'

keysWithoutTtlSuite(() => ({ store: memoryStore(), prefix: 'test' }))

it.each([
  [{ patern: '*' }, /no option "patern". Did you mean "pattern"\?/],
  [{ onProgress: 1 }, /Expected "onProgress" to be a function/],
])('refuses %j and says the fix', (options, message) => {
  expect(() => findKeysWithoutTtl(createCache(), options as object)).toThrow(message)
  expect(() => findKeysWithoutTtl({} as never)).toThrow(/Expected "cache" to be a cache/)
})
