import { defineOperation, lua, type Operation } from '@sluice/core/extend'

/** What `stamp` is given. */
export interface StampArgs {
  readonly key: string
  /** Where a tag starts that nobody knows: a number that nobody had before. */
  readonly seed: number
  /** How long entries with the stamp may live, at least. */
  readonly lifeMs: number
}

/**
 * The generation of a tag, `hard.stale`, which outlives every entry that is stamped with it: an entry whose tag is gone is out
 * of date, so that no tag may come back as it was.
 */
export const stamp: Operation<StampArgs, string> = defineOperation({
  name: 'stampede-guard.stamp',
  keys: ({ key }) => [key],
  argv: ({ seed, lifeMs }) => [seed, lifeMs],
  lua: lua`
    -- KEYS[1] tag   ARGV[1] where a new one starts   ARGV[2] ms to live, at least   replies its generation
    local found = redis.call('GET', KEYS[1])
    if not found then
      found = ARGV[1] .. '.0'
      redis.call('SET', KEYS[1], found, 'PX', ARGV[2])
    elseif redis.call('PTTL', KEYS[1]) < tonumber(ARGV[2]) then
      redis.call('PEXPIRE', KEYS[1], ARGV[2])
    end
    return found`,
  memory: (view, [key], [seed, lifeMs]) => {
    const found = view.get(key)
    if (found === null) {
      const created = `${seed}.0`
      view.set(key, created, lifeMs)
      return created
    }
    if (view.pTtl(key) < lifeMs) view.pExpire(key, lifeMs)
    return found
  },
  reply: (generation) => generation,
})

/** What `bump` is given. */
export interface BumpArgs extends StampArgs {
  /** Whether entries that are stamped are gone, or stale. */
  readonly mode: 'hard' | 'stale'
  /** Whether a tag that is not there is made: no entry carries it. */
  readonly create: boolean
  readonly channel: string
  readonly message: string
}

/** Raises the generation of a tag, and tells. It keeps its life, which covers what carries it. */
export const bump: Operation<BumpArgs, undefined> = defineOperation({
  name: 'stampede-guard.bump',
  keys: ({ key }) => [key],
  argv: ({ mode, seed, lifeMs, create, channel, message }) => [
    mode,
    seed,
    lifeMs,
    create ? 1 : 0,
    channel,
    message,
  ],
  lua: lua`
    -- KEYS[1] tag   ARGV[1] hard or stale   ARGV[2] where a new one starts   ARGV[3] ms that a new one lives
    -- ARGV[4] 1 to make one   ARGV[5] channel   ARGV[6] message, or ''   replies 1
    local found = redis.call('GET', KEYS[1])
    if found then
      local hard, stale = string.match(found, '^(%d+)%.(%d+)$')
      if ARGV[1] == 'hard' then hard = string.format('%.0f', tonumber(hard) + 1)
      else stale = string.format('%.0f', tonumber(stale) + 1) end
      redis.call('SET', KEYS[1], hard .. '.' .. stale, 'KEEPTTL')
    elseif ARGV[4] == '1' then
      redis.call('SET', KEYS[1], ARGV[2] .. '.0', 'PX', ARGV[3])
    end
    if ARGV[6] ~= '' then redis.pcall('PUBLISH', ARGV[5], ARGV[6]) end
    return 1`,
  memory: (view, [key], [mode, seed, lifeMs, create, channel, message]) => {
    const found = view.get(key)
    if (found !== null) {
      const [hard = 0, stale = 0] = found.split('.').map(Number)
      const next = mode === 'hard' ? `${hard + 1}.${stale}` : `${hard}.${stale + 1}`
      view.setKeepTtl(key, next)
    } else if (create === 1) view.set(key, `${seed}.0`, lifeMs)
    if (message !== '') view.publish(channel, message)
    return 1
  },
  reply: () => undefined,
})
