import type { Store } from '@sluice/core'
import { defineOperation, type Operation } from '@sluice/core/extend'

const readHash: Operation<{ key: string }, readonly string[]> = defineOperation({
  name: 'test.read-hash',
  readOnly: true,
  keys: ({ key }) => [key],
  argv: () => [],
  lua: '-- KEYS[1] hash   replies its fields and values\nreturn redis.call("HGETALL", KEYS[1])',
  memory: (view, [key]) => view.hGetAll(key),
  reply: (all) => all,
})

/** What hashes hold, as one text. */
export async function inspectAll(store: Store, keys: readonly string[]): Promise<string> {
  const all = await Promise.all(keys.map((key) => store.run(readHash, { key })))
  return all.flat().join('\n')
}
