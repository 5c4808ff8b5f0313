/** What is known of some keys together. */
export interface GroupReport {
  /** A namespace, `''` for none, or an area; `…` for all that came when there was no room for another. */
  readonly name: string
  readonly keys: number
  /** Of how many keys the size was asked. */
  readonly measured: number
  /** Absent where nothing was measured. */
  readonly meanBytes?: number
  /** The mean times the number of keys: exact where all were measured. Absent where nothing was. */
  readonly totalBytes?: number
}

/** Keys by what they have in common. */
export interface Groups {
  /** Counts a key. True when its size is wanted: then `measure` is told of it. */
  count(name: string): boolean
  measure(name: string, bytes: number): void
  /** The largest first. */
  report(): readonly GroupReport[]
}

interface Group {
  keys: number
  /** How many sizes were asked for. */
  asked: number
  measured: number
  bytes: number
}

/** Names come from keys, and whoever writes keys may make any number of them. */
const mostGroups = 1000

/** Stands for the groups that there was no room for. */
export const otherGroups = '…'

/**
 * Counts all keys and measures the first of each group. SCAN walks by the hash of the key, so the first are a random sample.
 *
 * @param sample how many keys of each group are measured
 */
export function createGroups(sample: number): Groups {
  const groups = new Map<string, Group>()
  const groupOf = (name: string): Group => {
    const own = groups.get(name)
    if (own !== undefined) return own
    const key = groups.size < mostGroups ? name : otherGroups
    const group = groups.get(key) ?? { keys: 0, asked: 0, measured: 0, bytes: 0 }
    groups.set(key, group)
    return group
  }
  return {
    count(name) {
      const group = groupOf(name)
      group.keys++
      if (group.asked >= sample) return false
      group.asked++
      return true
    },
    measure(name, bytes) {
      const group = groupOf(name)
      group.measured++
      group.bytes += bytes
    },
    report: () => [...groups].map(reportOf).toSorted(bySize),
  }
}

function reportOf([name, { keys, measured, bytes }]: readonly [string, Group]): GroupReport {
  if (measured === 0) return { name, keys, measured }
  const meanBytes = bytes / measured
  return {
    name,
    keys,
    measured,
    meanBytes: Math.round(meanBytes),
    totalBytes: Math.round(meanBytes * keys),
  }
}

function bySize(a: GroupReport, b: GroupReport): number {
  return (b.totalBytes ?? 0) - (a.totalBytes ?? 0) || b.keys - a.keys
}
