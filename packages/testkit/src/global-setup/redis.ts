import type { TestProject } from 'vitest/node'
import type {} from '../provided.ts'
import { startRedis } from '../redis-server.ts'

/** Before a project's tests: one Redis, for `redisUrl()`. */
export async function setup(project: TestProject): Promise<() => Promise<void>> {
  const redis = await startRedis()
  project.provide('redisUrl', redis.url)
  return redis.stop
}
