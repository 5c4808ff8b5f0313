import { startCluster, type RedisCluster } from '@sluice/testkit/redis-cluster'
import { startApp } from './app-process.ts'
import { startRoundRobin } from './round-robin.ts'
import { readSettings } from './settings.ts'

/** Opens the fleet and keeps it until a signal comes; what was started is ended in reverse, also after a failure. */
async function main(): Promise<void> {
  const { port, replicas } = readSettings(process.env)
  console.log('Starting a Redis Cluster …')
  await using cluster = await startCluster({ replicas })
  await using one = await startApp('app-1', cluster.ports)
  await using other = await startApp('app-2', cluster.ports)
  await using front = await startRoundRobin([one.port, other.port], port)
  console.log(greeting(front.url, cluster))
  await toldToEnd()
  console.log('Ending …')
}

/** Listens for good: signals that come while all is ended change nothing. */
function toldToEnd(): Promise<void> {
  return new Promise((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => resolve())
  })
}

function greeting(url: string, { nodes, ports }: RedisCluster): string {
  return `Two shops on a Redis Cluster are open at ${url} (Redis at ${ports.join(', ')}). Try:
  curl -si ${url}/products/tea | grep -i served        # app-1 and app-2 by turns
  for n in $(seq 150); do curl -so /dev/null -w '%{http_code}\\n' ${url}/api/cart; done | sort | uniq -c
  redis-cli -c -p ${ports[0]} cluster nodes
  kill -9 ${nodes[0]?.pid}                              # a master is lost
Ctrl-C ends all of it.`
}

main().catch((error: Error) => {
  console.error(`The fleet cannot open: ${error.message}`)
  process.exitCode = 1
})
