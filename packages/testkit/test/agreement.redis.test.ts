import { defineOperation, lua, type Operation } from '@sluice/core/extend'
import { checkAgreement, redisUrl, uniquePrefix } from '@sluice/testkit'
import fc from 'fast-check'
import { expect, it } from 'vitest'

const faulty: Operation<{ key: string; by: number }, number> = defineOperation({
  name: 'test.count-to-three',
  keys: ({ key }) => [key],
  argv: ({ by }) => [by],
  lua: lua`
    -- KEYS[1] counter   ARGV[1] what to add   replies the count; stops at 3
    local count = tonumber(redis.call('GET', KEYS[1]) or '0')
    if count < 3 then count = redis.call('INCRBY', KEYS[1], ARGV[1]) end
    redis.call('PEXPIRE', KEYS[1], 60000)
    return count`,
  memory: (view, [key], [by]) => {
    let count = Number(view.get(key) ?? '0')
    if (count <= 3) count = view.incrBy(key, by)
    view.pExpire(key, 60_000)
    return count
  },
  reply: (count) => count,
})

const lazyExpiry: Operation<{ key: string }, number> = defineOperation({
  name: 'test.forget-to-expire',
  keys: ({ key }) => [key],
  argv: () => [],
  lua: lua`
    -- KEYS[1] any key   replies 1
    redis.call('SET', KEYS[1], 'x', 'PX', 60000)
    return 1`,
  memory: (view, [key]) => {
    view.set(key, 'x')
    return 1
  },
  reply: (done) => done,
})

function check(operation: Operation<never, unknown>, args: Record<string, fc.Arbitrary<unknown>>) {
  return checkAgreement({
    url: redisUrl(),
    prefix: uniquePrefix('planted'),
    operations: [operation],
    steps: (key) => ({ [operation.name]: fc.record({ key, ...args }) }),
  })
}

async function failureOf(checking: Promise<void>): Promise<Error> {
  return checking.then(
    () => new Error('the difference was not found'),
    (error: Error) => error,
  )
}

it('a planted difference in a reply is found and shrunk to the fewest steps', async () => {
  const failure = await failureOf(check(faulty, { by: fc.constant(1) }))
  expect(failure.cause).toHaveProperty(
    'message',
    expect.stringContaining('reply of test.count-to-three'),
  )
  const counterexample = /Counterexample: (.*)/.exec(failure.message)?.[1] ?? ''
  expect(counterexample.match(/"do":"test.count-to-three"/g)).toHaveLength(4)
  expect(counterexample).not.toContain('advance')
})

it('a planted difference that only shows in the remaining state is found', async () => {
  const failure = await failureOf(check(lazyExpiry, {}))
  expect(failure.cause).toHaveProperty('message', expect.stringMatching(/state of .*agree/))
})

it('an operation without steps is refused by name', async () => {
  const checking = checkAgreement({
    url: redisUrl(),
    prefix: uniquePrefix('missing'),
    operations: [lazyExpiry],
    steps: () => ({}),
  })
  await expect(checking).rejects.toThrow('no steps for the operation test.forget-to-expire')
})
