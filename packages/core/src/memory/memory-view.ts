import type { Argument, MemoryView } from '../operation.ts'
import type { Entries, Entry, HashEntry, SortedSetEntry, TextEntry } from './entries.ts'

const wrongType = 'WRONGTYPE Operation against a key holding the wrong kind of value'

/** The Redis-like view of the entries that one run of an operation gets. Expiry is decided here and nowhere else. */
export function createMemoryView(
  entries: Entries,
  nowMs: number,
  publish: MemoryView['publish'],
): MemoryView {
  const live = (key: string): Entry | undefined => entries.live(key, nowMs)
  const text = (key: string): TextEntry | undefined => ofKind(live(key), 'text')
  const hash = (key: string): HashEntry | undefined => ofKind(live(key), 'hash')
  const sortedSet = (key: string): SortedSetEntry | undefined => ofKind(live(key), 'sorted-set')
  const pExpireAt = (key: string, atMs: number): 0 | 1 => {
    const entry = live(key)
    if (entry === undefined) return 0
    if (atMs <= nowMs) entries.remove(key)
    else entries.expireAt(key, entry, atMs)
    return 1
  }

  return {
    nowMs: () => nowMs,
    exists: (key) => (live(key) === undefined ? 0 : 1),
    del(key) {
      if (live(key) === undefined) return 0
      entries.remove(key)
      return 1
    },
    pTtl(key) {
      const entry = live(key)
      if (entry === undefined) return -2
      return entry.expiresAtMs === Number.POSITIVE_INFINITY ? -1 : entry.expiresAtMs - nowMs
    },
    pExpire: (key, ttlMs) => pExpireAt(key, nowMs + whole(ttlMs)),
    pExpireAt: (key, atMs) => pExpireAt(key, whole(atMs)),
    persist(key) {
      const entry = live(key)
      if (entry === undefined || entry.expiresAtMs === Number.POSITIVE_INFINITY) return 0
      entries.expireAt(key, entry, Number.POSITIVE_INFINITY)
      return 1
    },
    ...textVerbs(entries, text, live, nowMs),
    ...hashVerbs(entries, hash),
    ...sortedSetVerbs(entries, sortedSet),
    publish,
  }
}

type TextVerbs = Pick<MemoryView, 'get' | 'getPayload' | 'set' | 'setKeepTtl' | 'incrBy'>

function textVerbs(
  entries: Entries,
  text: (key: string) => TextEntry | undefined,
  live: (key: string) => Entry | undefined,
  nowMs: number,
): TextVerbs {
  const put = (key: string, value: Argument, expiresAtMs: number): void => {
    const payload = typeof value === 'number' ? String(value) : value
    entries.put(key, { kind: 'text', payload, expiresAtMs })
  }
  const get = (key: string): string | null => text(key)?.payload.toString() ?? null
  return {
    get,
    getPayload: (key) => text(key)?.payload ?? null,
    set(key, value, ttlMs) {
      if (ttlMs !== undefined && whole(ttlMs) < 1) throw new Error('ERR invalid expire time')
      put(key, value, ttlMs === undefined ? Number.POSITIVE_INFINITY : nowMs + ttlMs)
    },
    setKeepTtl: (key, value) => put(key, value, live(key)?.expiresAtMs ?? Number.POSITIVE_INFINITY),
    incrBy(key, by) {
      const sum = integer(get(key) ?? '0') + whole(by)
      put(key, sum, live(key)?.expiresAtMs ?? Number.POSITIVE_INFINITY)
      return sum
    },
  }
}

type HashVerbs = Pick<
  MemoryView,
  'hGet' | 'hGetAll' | 'hSet' | 'hDel' | 'hExists' | 'hIncrBy' | 'hLen'
>

function hashVerbs(entries: Entries, hash: (key: string) => HashEntry | undefined): HashVerbs {
  const open = (key: string): HashEntry =>
    hash(key) ?? { kind: 'hash', fields: new Map(), expiresAtMs: Number.POSITIVE_INFINITY }
  return {
    hGet: (key, field) => hash(key)?.fields.get(field) ?? null,
    hGetAll: (key) => [...(hash(key)?.fields ?? [])].flat(),
    hSet(key, ...fieldsAndValues) {
      const entry = open(key)
      const before = entry.fields.size
      for (let at = 0; at < fieldsAndValues.length; at += 2) {
        entry.fields.set(String(fieldsAndValues[at]), String(fieldsAndValues[at + 1]))
      }
      entries.put(key, entry)
      return entry.fields.size - before
    },
    hDel(key, ...fields) {
      const entry = hash(key)
      const gone = fields.filter((field) => entry?.fields.delete(field)).length
      if (entry?.fields.size === 0) entries.remove(key)
      return gone
    },
    hExists: (key, field) => (hash(key)?.fields.has(field) ? 1 : 0),
    hIncrBy(key, field, by) {
      const entry = open(key)
      const sum = integer(entry.fields.get(field) ?? '0') + whole(by)
      entry.fields.set(field, String(sum))
      entries.put(key, entry)
      return sum
    },
    hLen: (key) => hash(key)?.fields.size ?? 0,
  }
}

type SortedSetVerbs = Pick<
  MemoryView,
  'zAdd' | 'zRem' | 'zScore' | 'zCard' | 'zRange' | 'zRangeByScore' | 'zRemRangeByScore'
>

function sortedSetVerbs(
  entries: Entries,
  sortedSet: (key: string) => SortedSetEntry | undefined,
): SortedSetVerbs {
  const within = (key: string, min: number, max: number): string[] =>
    ranked(sortedSet(key))
      .filter(([, score]) => score >= min && score <= max)
      .map(([member]) => member)
  const zRem = (key: string, ...members: readonly string[]): number => {
    const entry = sortedSet(key)
    const gone = members.filter((member) => entry?.scores.delete(member)).length
    if (entry?.scores.size === 0) entries.remove(key)
    return gone
  }
  return {
    zAdd(key, score, member) {
      const entry = sortedSet(key) ?? {
        kind: 'sorted-set',
        scores: new Map(),
        expiresAtMs: Number.POSITIVE_INFINITY,
      }
      const isNew = !entry.scores.has(member)
      entry.scores.set(member, score)
      entries.put(key, entry)
      return isNew ? 1 : 0
    },
    zRem,
    zScore(key, member) {
      const score = sortedSet(key)?.scores.get(member)
      return score === undefined ? null : String(score)
    },
    zCard: (key) => sortedSet(key)?.scores.size ?? 0,
    zRange: (key, start, stop) =>
      slice(ranked(sortedSet(key)), start, stop).map(([member]) => member),
    zRangeByScore: within,
    zRemRangeByScore: (key, min, max) => zRem(key, ...within(key, min, max)),
  }
}

/** By score, then by the bytes of the member, as Redis orders them. */
function ranked(entry: SortedSetEntry | undefined): readonly (readonly [string, number])[] {
  if (entry === undefined) return []
  return [...entry.scores].toSorted(
    ([a, scoreA], [b, scoreB]) => scoreA - scoreB || Buffer.compare(Buffer.from(a), Buffer.from(b)),
  )
}

function slice<Item>(items: readonly Item[], start: number, stop: number): readonly Item[] {
  const end = stop < 0 ? items.length + stop : stop
  return items.slice(start < 0 ? Math.max(0, items.length + start) : start, end + 1)
}

function ofKind<Kind extends Entry['kind']>(
  entry: Entry | undefined,
  kind: Kind,
): Extract<Entry, { kind: Kind }> | undefined {
  if (entry === undefined) return undefined
  if (entry.kind !== kind) throw new Error(wrongType)
  return entry as Extract<Entry, { kind: Kind }>
}

/** Redis refuses fractions where it wants an integer; so does memory, or the halves would part. */
function whole(value: number): number {
  if (Number.isSafeInteger(value)) return value
  throw new Error('ERR value is not an integer or out of range')
}

function integer(text: string): number {
  if (!/^(0|-?[1-9]\d*)$/.test(text)) throw new Error('ERR value is not an integer or out of range')
  return whole(Number(text))
}
