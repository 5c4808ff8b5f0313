import {
  guardSetting,
  limiterSetting,
  nodes,
  processes,
  runNodes,
  sumOf,
} from '../harness/nodes-redis.js'

const { limit, windowMs, demand } = limiterSetting
const { ttlMs, loadMs, readsPerSecond, seconds, warmMs } = guardSetting

export const title = `The same on a real Redis: ${nodes} nodes in ${processes} processes, each with connections of its own`
export const unit = '%, loads, commands'
export const counted = true
export const columns = {
  admitted: '% of the limit',
  loads: 'loads a ttl',
  commands: 'for 100 requests',
  listeners: 'connections that hear of each load',
}
export const note = `Limiter: sliding windows of ${windowMs / 1000} s, limit ${limit.toLocaleString('en')}, asked for ${demand} times as much by Zipf's law and in bursts; the fullest window that was admitted is told. Guard: ${readsPerSecond.toLocaleString('en')} reads of one key a second, ttl ${ttlMs / 1000} s, a load takes ${loadMs} ms; the first two ttls, in which connections open, count for the commands alone. One round, in real time.`
export const budgets = [
  { contender: 'limiter, lease: 1', atMost: 100, column: 'admitted' },
  { contender: 'limiter, lease: 2', atMost: 100, column: 'admitted' },
]

async function limiterNodes(options) {
  const { told, commands } = await runNodes('limiter', options)
  const byWindow = {}
  for (const { admitted } of told) {
    for (const [window, count] of Object.entries(admitted)) {
      byWindow[window] = (byWindow[window] ?? 0) + count
    }
  }
  return {
    admitted: (100 * Math.max(...Object.values(byWindow))) / limit,
    commands: (100 * commands) / sumOf(told, 'requests'),
  }
}

async function guardNodes(options) {
  const { told, commands, listeners } = await runNodes('guard', options)
  const ttls = (seconds * 1000 - warmMs) / ttlMs
  return {
    loads: sumOf(told, 'loads') / ttls,
    listeners,
    commands: (100 * commands) / sumOf(told, 'requests'),
  }
}

export const measure = async ({ run }) => ({ columns: await run() })

export const contenders = {
  'limiter, lease: 1': async () => ({ run: () => limiterNodes({ lease: 1 }) }),
  'limiter, lease: 2': async () => ({ run: () => limiterNodes({ lease: 2 }) }),
  'guard, early: false': async () => ({ run: () => guardNodes({ early: false }) }),
  guard: async () => ({ run: () => guardNodes({}) }),
  'guard, near stores': async () => ({ run: () => guardNodes({ near: true }) }),
}
