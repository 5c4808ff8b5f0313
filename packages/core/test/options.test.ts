import {
  durationMs,
  checkOptions,
  choiceOption,
  booleanOption,
  checkFunction,
} from '@sluice/core/extend'
import { expect, it } from 'vitest'
import { slotOf } from '../src/slot.ts'

it.each([
  [250, 250],
  ['250ms', 250],
  ['30s', 30_000],
  ['5m', 300_000],
  ['1.5h', 5_400_000],
  ['2 d', 172_800_000],
])('the duration %j is %d ms', (duration, ms) => {
  expect(durationMs(duration, 'ttl')).toBe(ms)
})

it.each([
  0,
  -5,
  0.5,
  Number.NaN,
  Infinity,
  2 ** 53,
  '5',
  '',
  'm',
  '0.0001ms',
  '-5s',
  `${'9'.repeat(200)}s`,
  null,
  [],
])('the duration %j is refused by its name', (duration) => {
  expect(() => durationMs(duration, 'window')).toThrow(/Expected "window" to be a duration.*; got/)
})

it('a name that is nearly right is suggested, one that is not lists what is known', () => {
  expect(() => checkOptions('make', { Tll: 1 }, ['ttl', 'prefix'])).toThrow('Did you mean "ttl"?')
  expect(() => checkOptions('make', { speed: 1 }, ['ttl', 'prefix'])).toThrow(
    'Known are ttl, prefix.',
  )
  expect(() => checkOptions('make', [], ['ttl'])).toThrow('got an array of 0')
  checkOptions('make', { ttl: undefined }, ['ttl'])
})

it('a wrong choice, flag or function says what was expected and given', () => {
  expect(() => choiceOption('clsoed', 'onError', ['open', 'closed'], 'open')).toThrow(
    'Expected "onError" to be one of \'open\', \'closed\'; got "clsoed" (string).',
  )
  expect(() => booleanOption('yes', 'dryRun', false)).toThrow('true or false; got "yes" (string)')
  expect(() => checkFunction(7, 'key')).toThrow('Expected "key" to be a function; got 7 (number)')
})

it('slots are those of the Cluster specification', () => {
  expect(slotOf('123456789')).toBe(0x31c3)
  expect(slotOf('foo')).toBe(12182)
  expect(slotOf('a{foo}b')).toBe(slotOf('foo'))
  expect(slotOf('{}foo')).not.toBe(slotOf('foo'))
  expect(slotOf('x{foo}{bar}')).toBe(slotOf('foo'))
})
