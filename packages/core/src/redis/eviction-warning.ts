import { warn } from '../error-page.ts'
import type { RedisClient } from './client.ts'

/**
 * Warns where Redis makes room by evicting keys: it then takes sessions, locks and counts as well as cached entries, for all of
 * them have a ttl, which is what `volatile-…` looks for. Asks each master once; a server that does not answer, or may not, is not warned of.
 */
export function warnOfEviction(client: RedisClient): void {
  const servers: readonly RedisClient[] = client.nodes?.('master') ?? [client]
  const asked = servers.map((server) => server.call('INFO', 'memory').then(String, () => ''))
  void Promise.all(asked).then((answers) => {
    const policy = answers.map(evictingPolicy).find((found) => found !== undefined)
    if (policy !== undefined) warnOf(policy)
  })
}

function evictingPolicy(info: string): string | undefined {
  return /^maxmemory_policy:((?:allkeys|volatile)-\w+)/m.exec(info)?.[1]
}

function warnOf(policy: string): void {
  warn(
    'SLUICE_WARN_EVICTION',
    `Redis has maxmemory-policy ${policy}: when memory runs short it evicts sessions, locks and rate limits, not only ` +
      'cached entries. Set maxmemory-policy to noeviction, or keep those on a server of their own that has it.',
  )
}
