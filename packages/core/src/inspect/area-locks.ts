import type { StateName } from './key-name.ts'
import { createLargest } from './largest.ts'
import { fieldsOf, wholeOf, type FoundKey, type Question } from './question.ts'

/** A lease that runs. */
export interface LeaseReport {
  readonly kind: 'lock' | 'semaphore' | 'read' | 'write'
  readonly name: string
  /** `host:pid` of the process that holds it. */
  readonly owner: string
  /** Since it was granted: the fence is the microsecond of that, unless the clock went back. */
  readonly ageMs: number
  /** Until it ends unless it is renewed. */
  readonly remainingMs: number
  readonly fence: number
  /** Permits of a semaphore that it has; 1 for all other kinds. */
  readonly units: number
  /** How many wait for the name, those included that are not heard of and were not passed over yet. */
  readonly waiting: number
}

/** What the locks keep. */
export interface LocksReport {
  /** Names that are held now. */
  readonly held: number
  /** Names whose last fence is remembered, those that are held included. */
  readonly remembered: number
  readonly leases: number
  /** How many wait, for all names. */
  readonly waiting: number
  /** Those that have been held the longest. */
  readonly longestHeld: readonly LeaseReport[]
}

/** Reads the areas `lock`, `semaphore` and `read-write`. */
export interface LocksArea {
  ask(found: FoundKey<StateName>): Question | undefined
  report(): LocksReport
}

const mostShown = 50
/** What the writer of a read-write lock takes: all there is. */
const writerUnits = 1_000_000_000

type Lease = Omit<LeaseReport, 'kind' | 'name' | 'waiting'>

/** Makes a reader that has seen nothing. */
export function createLocksArea(): LocksArea {
  const longestHeld = createLargest<LeaseReport>(mostShown, ({ ageMs }) => ageMs)
  let [held, remembered, waiting] = [0, 0, 0]
  return {
    ask(found) {
      const { key, name, nowMs } = found
      if (name.ending !== '') return undefined
      const line =
        typeof key === 'string' ? `${key}:line` : Buffer.concat([key, Buffer.from(':line')])
      return {
        commands: [
          ['hgetall', key],
          ['hlen', line],
          ['hexists', line, 'head'],
          ['hexists', line, 'tail'],
        ],
        take([fields, places, head, tail]) {
          const leases = fieldsOf(fields).flatMap((field) => leaseOf(field, nowMs))
          // A waiter has two fields: its ticket and its token.
          const ofWaiters = (wholeOf(places) ?? 0) - (wholeOf(head) ?? 0) - (wholeOf(tail) ?? 0)
          const inLine = Math.max(0, Math.floor(ofWaiters / 2))
          remembered++
          waiting += inLine
          if (leases.length > 0) held++
          for (const { units, ...lease } of leases) {
            const kind = kindOf(name.area, units)
            const own = kind === 'semaphore' ? units : 1
            const full = { kind, name: name.levels + name.name, ...lease, units: own }
            longestHeld.add({ ...full, waiting: inLine })
          }
        },
      }
    },
    report: () => ({
      held,
      remembered,
      leases: longestHeld.count,
      waiting,
      longestHeld: longestHeld.list(),
    }),
  }
}

// As `line.ts` of the locks writes it: by token, end, units and fence. Other fields hold one number.
const leaseForm = /^(\d+) (\d+) (\d+)$/

function leaseOf([token, record]: readonly [string, string], nowMs: number): readonly Lease[] {
  const [, ends, units, fence] = leaseForm.exec(record) ?? []
  const remainingMs = Number(ends) - nowMs
  if (fence === undefined || !(remainingMs > 0)) return []
  const [owner = ''] = token.split('/', 1)
  const ageMs = Math.max(0, nowMs - Math.floor(Number(fence) / 1000))
  return [{ owner, ageMs, remainingMs, fence: Number(fence), units: Number(units) }]
}

function kindOf(area: string, units: number): LeaseReport['kind'] {
  if (area !== 'read-write') return area === 'semaphore' ? 'semaphore' : 'lock'
  return units === writerUnits ? 'write' : 'read'
}
