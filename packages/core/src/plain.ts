/** Deeper values go the careful way, which finds cycles and says where they are. */
const deepest = 1000

/**
 * True when JSON gives the value back unchanged. It is on the path of every write: no paths, no sets, no closures.
 *
 * @param wellFormed true also wants every text to be well-formed Unicode, which UTF-8 needs and JSON does not
 */
export function isPlain(value: unknown, wellFormed = false): boolean {
  return isPlainAt(value, 0, wellFormed)
}

function isPlainAt(value: unknown, depth: number, wellFormed: boolean): boolean {
  switch (typeof value) {
    case 'string':
      return !wellFormed || value.isWellFormed()
    case 'boolean':
      return true
    case 'number':
      return Number.isFinite(value) && !Object.is(value, -0)
    case 'object':
      if (value === null) return true
      if (depth === deepest) return false
      return Array.isArray(value)
        ? isPlainArray(value, depth + 1, wellFormed)
        : isPlainObject(value, depth + 1, wellFormed)
    default:
      return false
  }
}

function isPlainObject(value: object, depth: number, wellFormed: boolean): boolean {
  const prototype: unknown = Object.getPrototypeOf(value)
  if (prototype !== Object.prototype && prototype !== null) return false
  if (Object.getOwnPropertySymbols(value).length > 0) return false
  // Faster than Object.keys; a member that is inherited sends the value the careful way, which leaves it out.
  for (const key in value) {
    if (key === '__proto__' || (wellFormed && !key.isWellFormed())) return false
    if (!isPlainAt(value[key as keyof typeof value], depth, wellFormed)) return false
  }
  return true
}

/** An instance of a subclass goes the careful way. */
function isPlainArray(value: readonly unknown[], depth: number, wellFormed: boolean): boolean {
  if (Object.getPrototypeOf(value) !== Array.prototype) return false
  for (const member of value) if (!isPlainAt(member, depth, wellFormed)) return false
  return true
}
