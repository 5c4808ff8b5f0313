import type { TestProject } from 'vitest/node'
import type {} from '../provided.ts'
import { startSentinel } from '../redis-sentinel.ts'

/** Before a project's tests: one primary with a replica and three sentinels, for `sentinelOptions()`. */
export async function setup(project: TestProject): Promise<() => Promise<void>> {
  const { name, sentinels, stop } = await startSentinel()
  project.provide('sentinelOptions', { name, sentinels: [...sentinels] })
  return stop
}
