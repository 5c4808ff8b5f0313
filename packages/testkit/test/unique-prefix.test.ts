import { uniquePrefix } from '@sluice/testkit'
import { expect, it } from 'vitest'

it('every prefix is a new one, of characters that need no escaping', () => {
  const prefixes = Array.from({ length: 100 }, () => uniquePrefix('shop'))
  expect(new Set(prefixes).size).toBe(100)
  for (const prefix of prefixes) expect(prefix).toMatch(/^shop-[a-z0-9-]+$/)
})
