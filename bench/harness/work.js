/** A kilobyte of what services cache. */
export const object = {
  id: 'user:1234',
  name: 'Ada Lovelace',
  email: 'ada@example.com',
  roles: ['admin', 'editor', 'viewer'],
  address: { street: '12 St James Square', city: 'London', country: 'GB', zip: 'SW1Y 4JH' },
  orders: Array.from({ length: 12 }, (_, at) => ({ id: at, total: at * 1250, paid: at % 2 === 0 })),
  bio: 'x'.repeat(330),
}

export const keys = Array.from({ length: 1000 }, (_, at) => `user:${at}`)

/** Runs `n` operations, `width` at a time. */
export function parallel(width, operation) {
  return async (n) => {
    for (let at = 0; at < n; at += width) {
      await Promise.all(
        Array.from({ length: width }, (_, by) => operation(keys[(at + by) % keys.length])),
      )
    }
  }
}

/** Runs `n` operations, one after the other. */
export function sequential(operation) {
  return async (n) => {
    for (let at = 0; at < n; at++) await operation(keys[at % keys.length])
  }
}

/** Makes contenders whose work is reading `value`, which is there, one after the other. */
export function hits(value) {
  return async (get, set) => {
    for (const key of keys) await set(key, value)
    return { run: sequential(get), check: async () => expectEqual(await get(keys[7]), value) }
  }
}

/** Fails unless the read gives what was written. */
export function expectEqual(actual, expected) {
  if (JSON.stringify(actual) !== JSON.stringify(expected)) {
    throw new Error(`a contender answers wrongly: ${JSON.stringify(actual)?.slice(0, 100)}`)
  }
}
