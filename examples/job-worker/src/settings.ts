import { durationMs } from '@sluice/core/extend'
import { validate } from 'node-cron'

/** What the environment says, checked. */
export interface Settings {
  readonly redisUrl: string
  /** When the report is made: a cron expression, with seconds if it has six fields. */
  readonly cron: string
  /** How long one step of an order takes. */
  readonly stepMs: number
  /** How long others wait after this process has crashed: the leases of jobs, orders and the leadership. */
  readonly leaseMs: number
  /** How long jobs under way may go on after the first signal. */
  readonly shutdownMs: number
}

/** @throws Error that says which variable is wrong, what is expected, and the fix */
export function readSettings(env: NodeJS.ProcessEnv): Settings {
  const { CRON = '0 3 * * *', STEP = '300ms', LEASE = '30s', SHUTDOWN = '10s' } = env
  if (!validate(CRON)) {
    throw new Error(`Expected CRON to be a cron expression such as "0 3 * * *"; got "${CRON}".`)
  }
  return {
    redisUrl: readRedisUrl(env),
    cron: CRON,
    stepMs: durationMs(STEP, 'STEP'),
    leaseMs: durationMs(LEASE, 'LEASE'),
    shutdownMs: durationMs(SHUTDOWN, 'SHUTDOWN'),
  }
}

/** @throws Error that says how to start a Redis */
export function readRedisUrl({ REDIS_URL }: NodeJS.ProcessEnv): string {
  if (REDIS_URL !== undefined && REDIS_URL !== '') return REDIS_URL
  throw new Error(`REDIS_URL is not set, and the queue lives in Redis. ${howToStart}`)
}

/** The fix for a Redis that is not there. */
export const howToStart =
  'Start one with "redis-server", then set REDIS_URL=redis://localhost:6379.'
