import { memoryStore } from '@sluice/core/memory'
import { manualClock, type ManualClock } from '@sluice/core/testing'
import type { Store } from '@sluice/core'
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { acquire } from '../src/operations/acquire.ts'
import { attend } from '../src/operations/attend.ts'
import { extend } from '../src/operations/extend.ts'
import { forceRelease } from '../src/operations/force-release.ts'
import { inspect } from '../src/operations/inspect.ts'
import { handOverMs, placeMs } from '../src/operations/line.ts'
import { release } from '../src/operations/release.ts'

const key = 'model#lock:{a}'
const retentionMs = 3_600_000
const capacity = 3

/** What everybody may know of a token: the model knows nothing of tickets, heads or hashes. */
interface Known {
  readonly units: number
  readonly ttlMs: number
  state: 'holds' | 'waits' | 'gone'
  /** When its lease ends, or its place is given up. */
  untilMs: number
  /** Who came earlier has a smaller one. */
  readonly arrival: number
}

/** One lock, told by its rules alone: in order of arrival, whoever fits is served. */
class Model {
  readonly known = new Map<string, Known>()
  private arrivals = 0
  /** When nobody in the line has been heard of for too long. */
  private lineUntilMs = 0
  private readonly clock: ManualClock

  constructor(clock: ManualClock) {
    this.clock = clock
  }

  private of(state: Known['state']): [string, Known][] {
    const live = [...this.known].filter(([, one]) => one.state === state)
    return live.toSorted(([, a], [, b]) => a.arrival - b.arrival)
  }

  /** A late waiter keeps its place if it was not passed over meanwhile, and somebody else kept the line. */
  stay(token: string): void {
    const now = this.clock.now()
    const own = this.known.get(token)
    if (own?.state !== 'waits') return
    if (this.lineUntilMs <= now) own.state = 'gone'
    else this.lineUntilMs = own.untilMs = now + placeMs
  }

  used(): number {
    return this.of('holds').reduce((sum, [, { units }]) => sum + units, 0)
  }

  /** Who has had their time is out; then those who wait are served until one does not fit. */
  settle(): void {
    const now = this.clock.now()
    for (const [, one] of this.of('holds')) if (one.untilMs <= now) one.state = 'gone'
    for (const [, one] of this.of('waits')) {
      if (one.untilMs <= now) one.state = 'gone'
      else if (this.used() + one.units > capacity) return
      else {
        one.state = 'holds'
        one.untilMs = now + Math.min(one.ttlMs, handOverMs)
      }
    }
  }

  acquire(token: string, units: number, ttlMs: number, waits: boolean): boolean {
    const now = this.clock.now()
    const own = this.known.get(token)
    if (own?.state === 'holds' && own.untilMs > now) {
      own.untilMs = Math.max(own.untilMs, now + ttlMs)
      return true
    }
    this.stay(token)
    this.settle()
    if (own?.state === 'holds') {
      own.untilMs = Math.max(own.untilMs, now + ttlMs)
      return true
    }
    if (own?.state === 'waits') return false
    const arrival = ++this.arrivals
    const isFree = this.of('waits').length === 0 && this.used() + units <= capacity
    if (isFree) {
      this.known.set(token, { units, ttlMs, state: 'holds', untilMs: now + ttlMs, arrival })
    } else if (waits) {
      this.lineUntilMs = now + placeMs
      this.known.set(token, { units, ttlMs, state: 'waits', untilMs: now + placeMs, arrival })
    }
    return isFree
  }

  extend(token: string, ttlMs: number): boolean {
    const now = this.clock.now()
    const own = this.known.get(token)
    const holds = own?.state === 'holds' && own.untilMs > now
    if (holds) own.untilMs = Math.max(own.untilMs, now + ttlMs)
    this.settle()
    return holds
  }

  leave(token: string): void {
    const own = this.known.get(token)
    if (own !== undefined) own.state = 'gone'
    this.settle()
  }

  states(state: Known['state']): string[] {
    return this.of(state)
      .map(([token]) => token)
      .toSorted()
  }
}

const token = fc.constantFrom('h:1/a', 'h:1/b', 'h:2/c', 'h:3/d', 'h:4/e')
const step = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constant('acquire' as const),
      token,
      units: fc.integer({ min: 1, max: capacity }),
      ttlMs: fc.constantFrom(1500, 5000, 60_000),
      waits: fc.boolean(),
    }),
  },
  { weight: 4, arbitrary: fc.record({ do: fc.constant('release' as const), token }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('extend' as const), token }) },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant('attend' as const),
      tokens: fc.uniqueArray(token, { minLength: 1 }),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('force' as const) }) },
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant('wait' as const),
      ms: fc.constantFrom(1, 1999, 2000, 6000, 12_000),
    }),
  },
)
type Step = typeof step extends fc.Arbitrary<infer Value> ? Value : never

/** What an operation answered, and what it should have. */
interface Outcome {
  readonly got: unknown
  readonly due: unknown
}

async function apply(
  step: Step,
  store: Store,
  model: Model,
  clock: ManualClock,
): Promise<Outcome | undefined> {
  if (step.do === 'wait') clock.advance(step.ms)
  else if (step.do === 'acquire') {
    const { token, units, ttlMs, waits } = step
    const before = model.known.get(token)
    // A token asks for the same as long as it lives.
    const asked = before !== undefined && before.state !== 'gone' ? before : { units, ttlMs }
    const claim = { key, token, units: asked.units, ttlMs: asked.ttlMs, capacity, retentionMs }
    const { granted } = await store.run(acquire, { ...claim, ...(waits ? { channel: 'c' } : {}) })
    return { got: granted, due: model.acquire(token, asked.units, asked.ttlMs, waits) }
  } else if (step.do === 'release') {
    await store.run(release, { key, token: step.token, retentionMs })
    model.leave(step.token)
  } else if (step.do === 'extend') {
    const got = await store.run(extend, { key, token: step.token, ttlMs: 5000, retentionMs })
    return { got, due: model.extend(step.token, 5000) }
  } else if (step.do === 'attend') {
    for (const token of step.tokens) model.stay(token)
    model.settle()
    const { waiting } = await store.run(attend, { key, tokens: step.tokens, retentionMs })
    const due = model.states('waits').filter((token) => step.tokens.some((one) => one === token))
    return { got: [...waiting].toSorted(), due }
  } else {
    await store.run(forceRelease, { key, retentionMs })
    for (const token of model.states('holds')) model.leave(token)
  }
  return undefined
}

it('never more units than there are, in the order of coming, whatever happens', async () => {
  const runs = process.env['FUZZ'] === undefined ? 400 : 20_000
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 40 }), async (steps) => {
      const clock = manualClock()
      await using store = memoryStore({ clock })
      const model = new Model(clock)
      const fences = new Map<string, number>()
      for (const one of steps) {
        const highest = Math.max(0, ...fences.values())
        const outcome = await apply(one, store, model, clock)
        expect(outcome?.got).toEqual(outcome?.due)
        const { leases } = await store.run(inspect, { key })
        expect(leases.reduce((sum, { units }) => sum + units, 0)).toBeLessThanOrEqual(capacity)
        const held = model
          .states('holds')
          .filter((token) => (model.known.get(token)?.untilMs ?? 0) > clock.now())
        expect(leases.map(({ token }) => token).toSorted()).toEqual(held)
        for (const { token, fence, remainingMs } of leases) {
          // The fence of a lease never changes, and that of a new one is above all before it.
          expect(fence).toBeGreaterThan(fences.get(token) === fence ? 0 : highest)
          expect(remainingMs).toBe((model.known.get(token)?.untilMs ?? 0) - clock.now())
          fences.set(token, fence)
        }
      }
    }),
    { numRuns: runs },
  )
})
