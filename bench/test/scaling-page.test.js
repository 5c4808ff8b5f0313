import { describe, expect, it } from 'vitest'
import { fillTables } from '../harness/scaling-page.js'
import { scaling } from '../scaling.js'

describe('docs/scaling.md', () => {
  it('has the tables and the plot of the results: else run node bench/scaling.js', async () => {
    const { stands, wanted, drawn, svg } = await scaling()
    expect(stands).toBe(wanted)
    expect(drawn).toBe(svg)
  })
  it('has a table of every name', async () => {
    const { stands } = await scaling()
    const names = [...stands.matchAll(/<!-- table: (\w+) -->/g)].map(([, name]) => name)
    expect(names).toEqual(['costs', 'idle', 'example', 'growth', 'leases', 'guard'])
    expect(stands).not.toMatch(/undefined|NaN|Infinity/)
  })
})

describe('tables of a page', () => {
  const page = 'before\n<!-- table: one -->\nold\n<!-- end of table -->\nafter'

  it('take the place of those that were there, and nothing else', () => {
    const filled = 'before\n<!-- table: one -->\n\nnew $1\n\n<!-- end of table -->\nafter'
    expect(fillTables(page, { one: 'new $1' })).toBe(filled)
  })
  it('must be known', () => {
    expect(() => fillTables(page, { two: '' })).toThrow('no table "one"')
  })
})
