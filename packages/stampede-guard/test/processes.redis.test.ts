import { redisUrl, uniquePrefix } from '@sluice/testkit'
import { expect, it } from 'vitest'
import { startGuardProcess } from './guard-process.ts'

const start = (count: number) => {
  const settings = { url: redisUrl(), prefix: uniquePrefix('processes') }
  return Promise.all(Array.from({ length: count }, () => startGuardProcess(settings)))
}

it('1000 concurrent misses of one key in 4 processes are one load', async () => {
  const processes = await start(4)
  for (const one of processes) one.order('ask', 'hot', 250, 300)
  const answers = (await Promise.all(processes.map((one) => one.answer()))) as {
    values: number[]
    loads: number
  }[]
  expect(answers.reduce((sum, { loads }) => sum + loads, 0)).toBe(1)
  expect(new Set(answers.flatMap(({ values }) => values)).size).toBe(1)
})

it('a delete in one process drops the load of another, and the next get loads afresh', async () => {
  const [one, two] = await start(2)
  one?.order('ask', 'a', 1, 400)
  await expect.poll(async () => (two?.order('delete', 'a'), await two?.answer())).toBe(true)
  two?.order('ask', 'a', 1, 0)
  const fresh = await two?.answer()
  expect(fresh).toMatchObject({ loads: 1 })
  expect(await one?.answer()).toMatchObject({ loads: 1 })
  one?.order('ask', 'a', 1, 0)
  expect(await one?.answer()).toEqual({ ...(fresh as object), loads: 0 })
})
