import {
  defineOperation,
  lua,
  type MemoryView,
  type Operation,
  type Reply,
} from '@sluice/core/extend'

/** All that a key holds, in an order of its own, and its remaining ms. */
export interface KeyDump {
  readonly type: string
  readonly ttlMs: number
  readonly content: readonly string[]
}

/** Reads one key whole, on either side. For tests alone. */
export const dump: Operation<{ key: string }, KeyDump> = defineOperation({
  name: 'testkit.dump',
  readOnly: true,
  keys: ({ key }) => [key],
  argv: () => [],
  lua: lua`
    -- KEYS[1] any key   replies { type, ttl in ms, content }
    local kind = redis.call('TYPE', KEYS[1]).ok
    local content = {}
    if kind == 'string' then content = { redis.call('GET', KEYS[1]) } end
    if kind == 'hash' then content = redis.call('HGETALL', KEYS[1]) end
    if kind == 'zset' then content = redis.call('ZRANGE', KEYS[1], 0, -1, 'WITHSCORES') end
    return { kind, redis.call('PTTL', KEYS[1]), content }`,
  memory: (view, [key]) => {
    const [type, content] = contentOf(view, key)
    return [type, view.pTtl(key), content]
  },
  reply: ([type, ttlMs, content]) => ({
    type: String(type),
    ttlMs: Number(ttlMs),
    content: type === 'hash' ? sortPairs(content) : texts(content),
  }),
})

function contentOf(view: MemoryView, key: string): [string, readonly string[]] {
  if (view.exists(key) === 0) return ['none', []]
  const attempts = [
    (): [string, readonly string[]] => ['string', [view.get(key) ?? '']],
    (): [string, readonly string[]] => ['hash', view.hGetAll(key)],
    (): [string, readonly string[]] => ['zset', membersOf(view, key)],
  ]
  for (const attempt of attempts) {
    try {
      return attempt()
    } catch {
      // WRONGTYPE: the key is of another type.
    }
  }
  throw new Error(`testkit.dump cannot read the type of ${key}`)
}

function membersOf(view: MemoryView, key: string): readonly string[] {
  return view.zRange(key, 0, -1).flatMap((member) => [member, view.zScore(key, member) ?? ''])
}

function texts(content: Reply): readonly string[] {
  return Array.isArray(content) ? content.map(String) : []
}

function sortPairs(content: Reply): readonly string[] {
  const flat = texts(content)
  const pairs = flat.flatMap((field, at) => (at % 2 === 0 ? [[field, flat[at + 1] ?? '']] : []))
  return pairs.toSorted(([a = ''], [b = '']) => (a < b ? -1 : 1)).flat()
}
