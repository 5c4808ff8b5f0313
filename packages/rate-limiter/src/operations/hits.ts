import { defineOperation, lua, type Operation } from '@sluice/core/extend'
import type { Hits } from './hit.ts'

/** Looks, and changes nothing. `undefined` for a key without hits. */
export const hits: Operation<{ key: string }, Hits | undefined> = defineOperation({
  name: 'rate-limiter.hits',
  readOnly: true,
  keys: ({ key }) => [key],
  argv: () => [],
  lua: lua`
    -- KEYS[1] count   replies { count or '', ms until it starts anew }
    return { redis.call('GET', KEYS[1]) or '', redis.call('PTTL', KEYS[1]) }`,
  memory: (view, [key]) => [view.get(key) ?? '', view.pTtl(key)],
  reply: ([count, leftMs]) =>
    count === '' ? undefined : { count: Number(count), leftMs: leftMs < 0 ? undefined : leftMs },
})
