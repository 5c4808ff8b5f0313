import { startFaultProxy, startRedis, type FaultProxy, type RedisServer } from '@sluice/testkit'
import { Redis } from 'ioredis'
import { onTestFinished } from 'vitest'

/** A Redis of a test's own, a fault proxy before it, and a client that goes past the proxy. All end with the test. */
export async function redisBehindProxy(): Promise<{
  server: RedisServer
  proxy: FaultProxy
  direct: Redis
}> {
  const server = await startRedis()
  onTestFinished(() => server.stop())
  const proxy = await startFaultProxy({ port: server.port })
  onTestFinished(() => proxy.stop())
  const direct = new Redis(server.url).on('error', () => undefined)
  onTestFinished(() => direct.disconnect())
  return { server, proxy, direct }
}
