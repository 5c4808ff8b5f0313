import { spawnSync } from 'node:child_process'
import { expect, it, vi } from 'vitest'

vi.setConfig({ testTimeout: 20_000 })

/** Runs a script on the built package: Node reads NODE_DEBUG when it starts. */
function stderrOf(script: string, debug: string): string {
  const run = spawnSync(process.execPath, ['--input-type=module', '--eval', script], {
    cwd: import.meta.dirname,
    env: { ...process.env, NODE_DEBUG: debug },
    encoding: 'utf8',
  })
  expect(run.status, run.stderr).toBe(0)
  return run.stderr
}

const script = `
  import { createCache } from '@sluice/core'
  const cache = createCache({ prefix: 'shop' })
  await cache.set('ada@example.com', 'a secret value')
  await cache.get('ada@example.com')
  await cache.increment('ada@example.com').catch(() => undefined)`

it('NODE_DEBUG=sluice prints every operation, what it came to and how long it took, and no key or value', () => {
  const lines = stderrOf(script, 'sluice').trim().split('\n')
  expect(lines).toHaveLength(3)
  const said = String.raw`\{ store: 'memory', prefix: 'shop', key: [0-9a-f]{12}`
  expect(lines[0]).toMatch(
    RegExp(`^SLUICE \\d+: sluice:core:set ${said}, result: true } in .* ms$`),
  )
  expect(lines[1]).toMatch(RegExp(`sluice:core:get ${said}, result: 'hit' } in \\d+\\.\\d\\d ms$`))
  expect(lines[2]).toMatch(/sluice:core:increment .* ms, CounterError: The entry is not a counter/)
  expect(lines.join()).not.toMatch(/ada|secret/)
})

it('without it nothing is printed', () => {
  expect(stderrOf(script, 'other')).toBe('')
})
