/** What this process has read or written lately, under keys that name one thing for ever: it is never out of date. */
export interface Recent<Value> {
  get(key: string): Value | undefined
  keep(key: string, value: Value): void
}

/**
 * Saves reading and decoding. What is read moves to the young generation; when that is full it becomes the old one, and what
 * was old and not read since goes.
 *
 * @param most how much one generation holds; there are two
 */
export function createRecent<Value>(most: number, sizeOf: (value: Value) => number): Recent<Value> {
  let young = new Map<string, Value>()
  let old = new Map<string, Value>()
  let size = 0
  const keep = (key: string, value: Value): void => {
    young.set(key, value)
    size += sizeOf(value)
    if (size < most) return
    old = young
    young = new Map()
    size = 0
  }
  return {
    get(key) {
      const value = young.get(key)
      if (value !== undefined) return value
      const older = old.get(key)
      if (older === undefined) return undefined
      old.delete(key)
      keep(key, older)
      return older
    },
    keep,
  }
}
