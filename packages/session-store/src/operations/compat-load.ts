import { defineOperation, lua, type Operation } from '@sluice/core/extend'

/** Reads a session of another middleware: names and texts. Its ttl stays; the middleware decides when it moves. */
export const compatLoad: Operation<{ key: string }, Map<string, string> | undefined> =
  defineOperation({
    name: 'session-store.compat-load',
    readOnly: true,
    keys: ({ key }) => [key],
    argv: () => [],
    lua: lua`
    -- KEYS[1] session   replies { name, text, … }, or {} without one
    return redis.call('HGETALL', KEYS[1])`,
    memory: (view, [key]) => view.hGetAll(key),
    reply: (reply) => (reply.length === 0 ? undefined : new Map(pairs(reply))),
  })

function* pairs(reply: readonly string[]): Generator<[name: string, text: string]> {
  for (let at = 0; at + 1 < reply.length; at += 2) yield [reply[at] ?? '', reply[at + 1] ?? '']
}
