import { redisUrl } from '@sluice/testkit'
import { Redis } from 'ioredis'
import { expect, it, onTestFinished } from 'vitest'
import { createLedger } from '../src/ledger.ts'

it('the ledger refuses who writes after a later holder, and what is written already', async () => {
  const client = new Redis(redisUrl())
  onTestFinished(() => client.disconnect())
  const ledger = createLedger(client)
  const orderId = `ledger-${process.pid}`
  const write = (step: string, fence: number) => ledger.write({ orderId, step, fence })

  expect(await write('charge', 7)).toBe('written')
  expect(await write('charge', 7)).toBe('repeated')
  expect(await write('charge', 8)).toBe('repeated')
  expect(await write('pack', 7)).toBe('refused')
  expect(await write('pack', 8)).toBe('written')

  expect(await ledger.stepsDone(orderId)).toEqual(new Set(['charge', 'pack']))
  const entries = (await ledger.entries()).filter((entry) => entry.orderId === orderId)
  expect(entries.map(({ step, fence, outcome }) => `${step} ${fence} ${outcome}`)).toEqual([
    'charge 7 written',
    'charge 7 repeated',
    'charge 8 repeated',
    'pack 7 refused',
    'pack 8 written',
  ])
})
