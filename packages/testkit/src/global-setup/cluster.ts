import type { TestProject } from 'vitest/node'
import type {} from '../provided.ts'
import { startCluster } from '../redis-cluster.ts'

/** Before a project's tests: one Cluster of three masters, for `clusterNodes()`. */
export async function setup(project: TestProject): Promise<() => Promise<void>> {
  const cluster = await startCluster()
  project.provide('clusterPorts', [...cluster.ports])
  return cluster.stop
}
