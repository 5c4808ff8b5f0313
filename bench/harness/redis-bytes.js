/** What the keys of a Redis take, in bytes: the server's own total moves by more than these. */
export async function bytesOfKeys(redis) {
  const keys = await redis.keys('*')
  const sizes = await Promise.all(keys.map((key) => redis.memory('USAGE', key, 'SAMPLES', 0)))
  return sizes.reduce((sum, size) => sum + size, 0)
}
