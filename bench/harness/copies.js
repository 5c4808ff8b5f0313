import { Redis } from 'ioredis'

const copy = `
  -- KEYS[1] what to copy, with its ttl, KEYS[2…] where to
  for at = 2, #KEYS do redis.call('COPY', KEYS[1], KEYS[at]) end`

/**
 * Fills a Redis quickly: the one key that begins with `prefix` is copied under the names that hold `markOf(1)` to
 * `markOf(count - 1)` in the place of `markOf(0)`.
 */
export async function fillWithCopies(url, prefix, count, markOf) {
  const redis = new Redis(url)
  const [original, ...others] = await redis.keys(`${prefix}*`)
  if (!original?.includes(markOf(0)) || others.length > 0)
    throw new Error(`nothing to copy of ${prefix}`)
  let written
  for (let from = 1; from < count; from += 10_000) {
    const length = Math.min(10_000, count - from)
    const names = Array.from({ length }, (_, by) =>
      original.replaceAll(markOf(0), markOf(from + by)),
    )
    // Redis works on a batch while the next one is made.
    await written
    written = redis.eval(copy, 1 + length, original, ...names)
  }
  await written
  redis.disconnect()
}
