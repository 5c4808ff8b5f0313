import type { Operation } from '@sluice/core/extend'
import fc from 'fast-check'
import { expect } from 'vitest'
import { dump, type KeyDump } from './dump.ts'
import { memorySide, redisSide, type MemorySide, type RedisSide } from './sides.ts'

/** An operation whose types the schedule does not need to know. */
export type AnyOperation = Operation<never, unknown>

/** Arguments by the name of the operation, made from an arbitrary of state keys. */
export type Steps = (key: fc.Arbitrary<string>) => Readonly<Record<string, fc.Arbitrary<unknown>>>

/** What `checkAgreement` is given. */
export interface AgreementOptions {
  readonly url: string
  /** A prefix that nobody else uses. */
  readonly prefix: string
  readonly operations: readonly AnyOperation[]
  readonly steps: Steps
  /** How many schedules. Default 60, or 2000 with the environment variable FUZZ. */
  readonly runs?: number
}

interface Step {
  readonly do: string
  readonly args?: unknown
  readonly ms?: number
}

const advances = [1000, 7000, 20_000, 60_000, 600_000, 3_600_000]

/** Real time passes while a schedule runs: what is as large as a ttl may differ by a fifth, and by 2 s at the most. */
const toleranceMs = 2000
const toleratedPart = 0.2
const exactBelow = 1000
/** Nothing is left to expire in less: so long may a step take in real time. */
const soonMs = 500

/**
 * Runs random schedules of operations and clock advances on memory and on Redis, and compares the reply and the whole
 * remaining state after every step. Rejects with the smallest schedule on which the two differ.
 */
export async function checkAgreement(options: AgreementOptions): Promise<void> {
  const redis = redisSide(options.url, `${options.prefix}#agreement-clock`)
  const names = [`${options.prefix}#agree:{a}`, `${options.prefix}#agree:{b}`]
  const byName = new Map(options.operations.map((operation) => [operation.name, operation]))
  const schedule = fc.array(anyStep(options, fc.constantFrom(...names)), { maxLength: 25 })
  try {
    await fc.assert(
      fc.asyncProperty(schedule, (steps) => runSchedule(steps, byName, redis)),
      {
        numRuns: options.runs ?? (process.env['FUZZ'] === undefined ? 60 : 2000),
        endOnFailure: false,
      },
    )
  } finally {
    redis.close()
  }
}

function anyStep(
  { operations, steps }: AgreementOptions,
  key: fc.Arbitrary<string>,
): fc.Arbitrary<Step> {
  const byName = steps(key)
  const runs = operations.map(({ name }) => {
    const args = byName[name]
    if (args === undefined)
      throw new Error(`the agreement test has no steps for the operation ${name}`)
    return { weight: 3, arbitrary: args.map((value): Step => ({ do: name, args: value })) }
  })
  const advance = fc.constantFrom(...advances).map((ms): Step => ({ do: 'advance', ms }))
  return fc.oneof(...runs, {
    weight: Math.max(1, Math.ceil(operations.length / 2)),
    arbitrary: advance,
  })
}

async function runSchedule(
  steps: readonly Step[],
  byName: ReadonlyMap<string, AnyOperation>,
  redis: RedisSide,
): Promise<void> {
  const memory = memorySide()
  const keys = keysOf(steps, byName)
  await redis.clear(keys)
  await redis.setTime(memory.nowMs())
  try {
    for (const step of steps) {
      if (step.ms === undefined) {
        await runBoth(step, byName, memory, redis)
        await compareState(keys, memory, redis, false)
      } else memory.advance(step.ms)
      const hasPassed = await passExpiries(keys, memory)
      if (step.ms === undefined && !hasPassed) continue
      await redis.setTime(memory.nowMs())
      await compareState(keys, memory, redis, true)
    }
  } finally {
    await redis.clear(keys)
    await memory.close()
  }
}

function keysOf(
  steps: readonly Step[],
  byName: ReadonlyMap<string, AnyOperation>,
): readonly string[] {
  const keys = steps.flatMap((step) => byName.get(step.do)?.keys(step.args as never) ?? [])
  return [...new Set(keys)]
}

async function runBoth(
  step: Step,
  byName: ReadonlyMap<string, AnyOperation>,
  memory: MemorySide,
  redis: RedisSide,
): Promise<void> {
  const operation = byName.get(step.do)
  if (operation === undefined) throw new Error(`no operation ${step.do}`)
  const inMemory = await memory.run(operation, step.args as never)
  const inRedis = await redis.run(operation, step.args as never)
  expect(near(inRedis, inMemory), `reply of ${step.do}`).toEqual(inMemory)
}

/**
 * Advances memory over every expiry that is near, for Redis would reach it by itself between two steps.
 *
 * @returns whether there was one
 */
async function passExpiries(keys: readonly string[], memory: MemorySide): Promise<boolean> {
  for (let hasPassed = false; ; hasPassed = true) {
    const dumps = await Promise.all(keys.map((key) => memory.run(dump, { key })))
    const soon = dumps.map(({ ttlMs }) => ttlMs).filter((ttlMs) => ttlMs > 0 && ttlMs < soonMs)
    if (soon.length === 0) return hasPassed
    memory.advance(Math.max(...soon))
  }
}

/** After an advance Redis is given the expiries that memory has; after an operation they must be the same already. */
async function compareState(
  keys: readonly string[],
  memory: MemorySide,
  redis: RedisSide,
  advanced: boolean,
): Promise<void> {
  for (const key of keys) {
    const inMemory = await memory.run(dump, { key })
    if (advanced) await redis.setTtl(key, inMemory.ttlMs)
    const inRedis = await redis.run(dump, { key })
    expect(nearDump(inRedis, inMemory), `state of ${key}`).toEqual(inMemory)
    await redis.setTtl(key, inMemory.ttlMs)
  }
}

function nearDump(actual: KeyDump, expected: KeyDump): KeyDump {
  const bothExpire = Math.min(actual.ttlMs, expected.ttlMs) > 0
  const isNear = bothExpire && Math.abs(actual.ttlMs - expected.ttlMs) <= toleranceMs
  return { ...actual, ttlMs: isNear ? expected.ttlMs : actual.ttlMs }
}

/** `actual` with every large number that is close enough to `expected` replaced by it. */
function near(actual: unknown, expected: unknown): unknown {
  if (typeof actual === 'number' && typeof expected === 'number') {
    const tolerance = Math.min(toleranceMs, expected * toleratedPart)
    const large = Math.min(actual, expected) >= exactBelow
    return large && Math.abs(actual - expected) <= tolerance ? expected : actual
  }
  if (Array.isArray(actual) && Array.isArray(expected)) {
    return actual.map((member, at) => near(member, expected[at]))
  }
  if (isRecord(actual) && isRecord(expected)) {
    const members = Object.entries(actual).map(([name, member]) => [
      name,
      near(member, expected[name]),
    ])
    return Object.fromEntries(members)
  }
  return actual
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return (
    typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === Object.prototype
  )
}
