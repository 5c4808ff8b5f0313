import type { TestProject } from 'vitest/node'
import type {} from '../provided.ts'
import { startRedis } from '../redis-server.ts'

/** Before a project's tests: a Redis for each file that runs at a time, for `redisUrl()`. */
export async function setup(project: TestProject): Promise<() => Promise<void>> {
  const places = Array.from({ length: project.config.maxWorkers })
  const servers = await Promise.all(places.map(() => startRedis()))
  project.provide(
    'redisUrls',
    servers.map(({ url }) => url),
  )
  return async () => {
    await Promise.all(servers.map((server) => server.stop()))
  }
}
