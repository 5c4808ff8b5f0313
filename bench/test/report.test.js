import { describe, expect, it } from 'vitest'
import { budgetText } from '../harness/budget-text.js'
import { quantity, rate, times } from '../harness/format.js'
import { report } from '../harness/report.js'
import { judge, ratioOf, summarize } from '../harness/statistics.js'
import { printed, tableOf } from '../harness/table.js'
import { packagesOf, versionOf } from '../harness/versions.js'
import { plotsOf } from '../plots/groups.js'

const surrounding = {
  date: '2026-01-02',
  node: 'v20.0.0',
  redis: 'Redis 7.0.0',
  cpu: 'a processor',
  cores: 2,
  memory: '8 GB',
  os: 'Linux',
  installed: { koa: '3.0.0' },
  rounds: 3,
}

/** A result whose contenders took these rounds, or failed. */
function resultOf(rounds, more = {}) {
  const contenders = Object.entries(rounds).map(([name, values]) => [
    name,
    { packages: {}, ...(typeof values === 'string' ? { failed: values } : summarize(values)) },
  ])
  return {
    suite: 'core-example',
    title: 'An example',
    unit: 'ns',
    floor: 'bare',
    ...surrounding,
    contenders: Object.fromEntries(contenders),
    budgets: [],
    ...more,
  }
}

const cellsOf = (result, name) => tableOf(result).rows.find(([who]) => who === name)
const judged = (budget, result) => judge({ contender: 'ours', ...budget }, result)

describe('what is told of rounds', () => {
  it('the median, the least, the most, and how far the worst is from the median', () => {
    const { median, min, max, noise } = summarize([130, 90, 100, 101, 99])
    expect({ median, min, max, noise }).toEqual({ median: 100, min: 90, max: 130, noise: 30 })
  })
  it('above 15 % it is noisy, at 15 % it is not', () => {
    const result = resultOf({ bare: [100, 100, 100], ours: [100, 85, 115], peer: [100, 84, 101] })
    expect(cellsOf(result, 'ours')?.at(-1)).toBe('85 ns to 115 ns, ± 15 %')
    expect(cellsOf(result, 'peer')?.at(-1)).toContain('noisy')
    expect(report([result])).toContain('Noisy:')
    expect(report([resultOf({ bare: [100, 100, 100] })])).not.toContain('Noisy:')
  })
  it('rounds that are all 0 have no noise', () => {
    expect(summarize([0, 0, 0])).toMatchObject({ median: 0, noise: 0 })
    expect(summarize([0, 0, 1])).toMatchObject({ median: 0, noise: 100 })
  })
})

describe('ratios', () => {
  it('tell how many times as good, whichever way is better', () => {
    expect(ratioOf(50, 100)).toBe(2)
    expect(ratioOf(50, 100, true)).toBe(0.5)
  })
  it('what costs nothing has none', () => {
    const result = resultOf({ bare: [5, 5, 5], ours: [0, 0, 0] }, { unit: 'commands' })
    expect(cellsOf(result, 'ours')).toEqual(['ours', '0', 'none', 'the same'])
    expect(report([result])).not.toMatch(/Infinity|NaN/)
  })
  it('are not told of columns of which nobody knows whether less or more is better', () => {
    const columns = { mean: 'ns', asked: 'requests/s', sent: 'commands' }
    const both = (times) => ({
      packages: {},
      columns: Object.fromEntries(Object.keys(columns).map((name) => [name, summarize([times])])),
    })
    const result = { ...resultOf({}), columns, contenders: { bare: both(10), ours: both(20) } }
    expect(cellsOf(result, 'ours')).toEqual(['ours', '20 ns, 0.50×', '20/s', '20'])
    expect(cellsOf({ ...result, higher: true }, 'ours')?.slice(2)).toEqual(['20/s, 2.00×', '20'])
  })
  it('are not told as better than they are', () => {
    expect(times(0.8999)).toBe('0.89×')
  })
})

describe('budgets', () => {
  const result = resultOf({ ours: [100], bare: [90], slow: [200], none: [0], broken: 'it broke' })

  it('beside another: met and missed', () => {
    expect(judged({ beside: 'slow', atLeast: 2 }, result)).toMatchObject({ met: true, measured: 2 })
    expect(judged({ beside: 'slow', atLeast: 2.1 }, result)).toMatchObject({ met: false })
    expect(judged({ beside: 'bare', atLeast: 0.9 }, result)).toMatchObject({ met: true })
  })
  it('beside another where more is better', () => {
    const higher = { ...result, higher: true }
    expect(judged({ beside: 'slow', atLeast: 1 }, higher)).toMatchObject({ met: false })
    expect(judged({ beside: 'bare', atLeast: 1.1 }, higher)).toMatchObject({ met: true })
  })
  it("in the suite's unit: met and missed", () => {
    expect(judged({ atMost: 100 }, result)).toMatchObject({ met: true, measured: 100 })
    expect(judged({ atMost: 99 }, result)).toMatchObject({ met: false })
    expect(judged({ atLeast: 100 }, result)).toMatchObject({ met: true })
    expect(judged({ atLeast: 101 }, result)).toMatchObject({ met: false })
  })
  it('of a column', () => {
    const columns = { loads: summarize([1]), waits: summarize([7]) }
    const ours = { packages: {}, columns }
    const one = { ...result, columns: { loads: 'loads', waits: 'callers' }, contenders: { ours } }
    expect(judged({ column: 'loads', atMost: 1.05 }, one)).toMatchObject({ met: true })
    const missed = judged({ column: 'waits', atMost: 0 }, one)
    expect(budgetText(missed, one)).toEqual({
      who: 'ours, waits',
      asked: 'at most 0 callers',
      measured: '7 callers',
      verdict: 'missed',
    })
  })
  it('one that costs nothing is ahead, and no number is made up for it', () => {
    const free = judge({ contender: 'none', beside: 'slow', atLeast: 10 }, result)
    expect(free).toMatchObject({ met: true, measured: undefined })
    expect(budgetText(free, result)).toMatchObject({ measured: 'one costs nothing' })
  })
  it('of a contender that failed, or is not there, are not measured', () => {
    for (const beside of ['broken', 'nobody']) {
      const budget = judged({ beside, atLeast: 1 }, result)
      expect(budgetText(budget, result)).toMatchObject({ measured: '-', verdict: 'not measured' })
    }
    expect(judge({ contender: 'broken', atMost: 1 }, result).met).toBeUndefined()
  })
  it('the page tells how many are met, missed and not measured, and each', () => {
    const budgets = [{ atMost: 100 }, { atMost: 99 }, { beside: 'broken', atLeast: 1 }]
    const page = report([{ ...result, budgets: budgets.map((budget) => judged(budget, result)) }])
    expect(page).toContain('1 of 3 are met, 1 missed, 1 not measured')
    expect(page).toContain('| ours | at most 99 ns | 100 ns | **missed** |')
  })
})

describe('the page', () => {
  const results = [
    resultOf({ bare: [100], ours: [50], peer: 'Error: | it broke' }),
    resultOf({ bare: [3, 3, 3] }, { suite: 'lock-example', date: '2026-01-01', note: 'A note.' }),
  ]
  it('shows a contender that failed, with the reason, after the others', () => {
    const told = String.raw`| peer | failed: Error: \| it broke |  |  |  |`
    expect(report(results)).toContain(`| one round |\n${told}`)
    expect(printed(results[0])).toContain('peer failed: Error: | it broke')
  })
  it('shows one that failed in a suite of columns', () => {
    const columns = { a: 'ns', b: 'ns' }
    const one = { ...results[0], columns, contenders: { peer: { packages: {}, failed: 'why' } } }
    expect(report([one])).toContain('| peer | failed: why |  |')
  })
  it('is the same for the same results', () => {
    const again = JSON.parse(JSON.stringify(results))
    expect(report(again)).toBe(report(results))
    expect(plotsOf(again)).toEqual(plotsOf(results))
  })
  it('says of a suite that was measured at another time when it was', () => {
    expect(report(results)).toContain('Measured apart: date 2026-01-01.')
  })
  it('holds the note of a suite', () => {
    expect(report(results)).toContain('\n\nA note.\n\n')
  })
})

describe('numbers are told for people', () => {
  it.each([
    [12.34, 'ns', '12.3 ns'],
    [1234, 'ns a pair', '1.23 µs'],
    [1_234_567, 'ns', '1.23 ms'],
    [2500, 'ms', '2.50 s'],
    [1234, 'bytes a session', '1,234 bytes'],
    [1_234_567, 'bytes', '1.23 MB'],
    [12_345.6, 'ops/s', '12,346/s'],
    [12.5, '%', '12.5 %'],
    [0, 'loads', '0'],
  ])('%d %s is %s', (value, unit, text) => {
    expect(quantity(value, unit)).toBe(text)
  })
  it('a time is a rate, too', () => {
    expect(rate(650, 'ns')).toBe('1,538,000/s')
  })
})

describe('the versions of a contender', () => {
  const packages = (name) => Object.keys(packagesOf(name, '@sluice/core'))
  it.each([
    ['express-session, connect-redis', ['express-session', 'connect-redis']],
    ['rate-limiter-flexible, auto-p.', ['rate-limiter-flexible']],
    ['@sesamecare-oss/redlock', ['@sesamecare-oss/redlock']],
    ['redis-semaphore', ['redis-semaphore']],
    ['verrou', ['@verrou/core']],
    ['sluice, frozen', ['@sluice/core']],
    ['redisStore', []],
    ['SET NX PX, EVALSHA', []],
  ])('%s is made of %j', (name, expected) => {
    expect(packages(name).toSorted()).toEqual(expected.toSorted())
  })
  it('are those of the lock file', () => {
    expect(packagesOf('anything', '@sluice/core', 'lru-cache')).toEqual({
      'lru-cache': versionOf('lru-cache'),
    })
    expect(versionOf('lru-cache')).toMatch(/^\d+\.\d+\.\d+$/)
  })
})

describe('the plots', () => {
  const result = resultOf(
    { bare: [100], sluice: [90], '<peer>': [180], broken: 'why' },
    { suite: 'core-redis' },
  )
  it('hold every contender that was measured, the best first', () => {
    const { svg, alt } = plotsOf([result]).core
    expect(alt).toContain('sluice 11,110,000/s, bare 10,000,000/s, <peer> 5,556,000/s')
    expect(svg).toContain('&lt;peer&gt;')
    expect(svg).not.toContain('broken')
  })
  it('tell ours, peers and what is bare apart', () => {
    const packages = { bare: {}, sluice: {}, '<peer>': { keyv: '5.0.0', ioredis: '5.0.0' } }
    const named = Object.entries(result.contenders).map(([name, one]) => [
      name,
      { ...one, packages: packages[name] ?? {} },
    ])
    const { svg } = plotsOf([{ ...result, contenders: Object.fromEntries(named) }]).core
    const bars = [...svg.matchAll(/>([^<]+)<\/text><path fill="(#\w+)"/g)]
    const colours = bars.slice(0, 3).map(([, , colour]) => colour)
    expect(new Set(colours).size).toBe(3)
  })
  it('of a group without results are not drawn', () => {
    expect(plotsOf([{ ...result, suite: 'core-other' }])).toEqual({})
  })
})
