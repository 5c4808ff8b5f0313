import { redisUrl, uniquePrefix } from '@sluice/testkit'
import fc from 'fast-check'
import { Redis } from 'ioredis'
import { afterAll, expect, it } from 'vitest'
import { escapeGlob, globMatcher } from '../src/glob.ts'

const redis = new Redis(redisUrl())
afterAll(() => redis.disconnect())
const key = uniquePrefix('glob')

/** Redis compares chars, which are signed on some machines and not on others: such ranges have no one meaning. */
const rangeOutsideAscii = /\[.*[^\0-\x7f]/s

/** HSCAN matches fields by the same function as SCAN matches keys, on one small hash. */
async function redisMatches(pattern: string, field: string): Promise<boolean> {
  await redis.hset(key, field, '1')
  const [, found] = await redis.hscan(key, 0, 'MATCH', pattern)
  await redis.del(key)
  return found.length > 0
}

it('memory matches globs exactly as Redis does', async () => {
  const letters = fc.constantFrom(
    'a',
    'b',
    'c',
    '-',
    '^',
    '[',
    ']',
    '*',
    '?',
    '\\',
    'é',
    '\n',
    '.',
    '+',
    '\u{1f30a}',
  )
  const text = fc.string({ unit: letters, maxLength: 6 })
  await fc.assert(
    fc.asyncProperty(
      text,
      text.filter((field) => field !== ''),
      async (pattern, field) => {
        fc.pre(!rangeOutsideAscii.test(pattern))
        expect(globMatcher(pattern)(field), `${pattern} on ${field}`).toBe(
          await redisMatches(pattern, field),
        )
      },
    ),
    { numRuns: process.env['FUZZ'] === undefined ? 1500 : 20_000 },
  )
}, 180_000)

it('an escaped text matches itself and nothing else', () => {
  fc.assert(
    fc.property(fc.string(), fc.string(), (text, other) => {
      expect(globMatcher(escapeGlob(text))(text)).toBe(true)
      expect(globMatcher(escapeGlob(text))(other)).toBe(text === other)
    }),
  )
})
