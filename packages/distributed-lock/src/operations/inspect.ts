import { defineOperation, lua, type Operation } from '@sluice/core/extend'

/** A lock as the store has it. */
export interface Lease {
  /** `undefined` when nobody holds it. */
  readonly token: string | undefined
  /** 0 when nobody holds it. */
  readonly remainingMs: number
  /** The last fence given; `undefined` when none is remembered. */
  readonly fence: number | undefined
}

/** Looks, and changes nothing. */
export const inspect: Operation<{ key: string }, Lease> = defineOperation({
  name: 'distributed-lock.inspect',
  readOnly: true,
  keys: ({ key }) => [key, `${key}:fence`],
  argv: () => [],
  lua: lua`
    -- KEYS[1] lease   KEYS[2] last fence
    -- replies { token or '', remaining ms or -2, fence or '' }
    return {
      redis.call('GET', KEYS[1]) or '',
      redis.call('PTTL', KEYS[1]),
      redis.call('GET', KEYS[2]) or '',
    }`,
  memory: (view, [lease, lastFence]) => [
    view.get(lease) ?? '',
    view.pTtl(lease),
    view.get(lastFence) ?? '',
  ],
  reply: ([token, pTtl, fence]): Lease => ({
    token: token === '' ? undefined : token,
    remainingMs: Math.max(0, pTtl),
    fence: fence === '' ? undefined : Number(fence),
  }),
})
