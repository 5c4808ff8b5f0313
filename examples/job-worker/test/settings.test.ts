import { expect, it } from 'vitest'
import { readSettings } from '../src/settings.ts'

const env = { REDIS_URL: 'redis://localhost:6380' }

it('the environment has defaults for all but the Redis', () => {
  expect(readSettings(env)).toEqual({
    redisUrl: 'redis://localhost:6380',
    cron: '0 3 * * *',
    stepMs: 300,
    leaseMs: 30_000,
    shutdownMs: 10_000,
  })
})

it.each([
  [{ CRON: 'daily' }, 'Expected CRON to be a cron expression'],
  [{ LEASE: '30' }, 'Expected "LEASE" to be a duration'],
  [{ STEP: '-1s' }, 'Expected "STEP" to be a duration'],
  [{ SHUTDOWN: '' }, 'Expected "SHUTDOWN" to be a duration'],
  [{ REDIS_URL: '' }, 'REDIS_URL is not set'],
])('a wrong variable is named, with what is expected: %j', (wrong, message) => {
  expect(() => readSettings({ ...env, ...wrong })).toThrow(message)
})
