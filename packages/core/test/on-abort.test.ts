import { getEventListeners } from 'node:events'
import { onAbort } from '@sluice/core/extend'
import { expect, it } from 'vitest'

it('a signal has one listener however many wait for it, and none when all have left', () => {
  const { signal } = new AbortController()
  const leaves = Array.from({ length: 100 }, () => onAbort(signal, () => undefined))
  expect(getEventListeners(signal, 'abort')).toHaveLength(1)
  for (const leave of leaves) leave()
  leaves[0]?.()
  expect(getEventListeners(signal, 'abort')).toHaveLength(0)
})

it('calls back all who still wait, once, though one function was passed twice', () => {
  const aborting = new AbortController()
  const called: string[] = []
  const both = (): void => void called.push('both')
  onAbort(aborting.signal, both)
  onAbort(aborting.signal, both)
  onAbort(aborting.signal, () => called.push('gone'))()
  aborting.abort()
  aborting.abort()
  expect(called).toEqual(['both', 'both'])
})
