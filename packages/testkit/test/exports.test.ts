/**
 * What a bundler takes along: bundles of single names hold the code of what they use, and stay under a size. Built from the
 * sources, as a bundler builds from what is published.
 */
import { readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { rolldown } from 'rolldown'
import { describe, expect, it, vi } from 'vitest'

interface Expectation {
  /** What is imported: `name from 'specifier'`. */
  readonly code: string
  /** At the most, minified, dependencies included. */
  readonly bytes: number
  /** Paths of files that it must not hold code of. */
  readonly not: RegExp
}

const repository = fileURLToPath(new URL('../../..', import.meta.url))

vi.setConfig({ testTimeout: 30_000 })

describe('a bundle', () => {
  const core = String.raw`core/src/(redis|near|http|testing|codecs|inspect)/`
  const memory = String.raw`core/src/memory/|lru-cache`
  const compat = String.raw`/compat/|(express|koa)(-session)?\.ts|express-rate-limit`
  const expectations: readonly Expectation[] = [
    { code: `OptionError from '@sluice/core'`, bytes: 1_000, not: /src\/(?!error)/ },
    { code: `createCache from '@sluice/core'`, bytes: 64_000, not: RegExp(`${core}|find-keys`) },
    { code: `memoryStore from '@sluice/core/memory'`, bytes: 33_000, not: /view\/|redis|near/ },
    { code: `redisStore from '@sluice/core/redis'`, bytes: 40_000, not: RegExp(`${memory}|env`) },
    {
      code: `createRateLimiter from '@sluice/rate-limiter'`,
      bytes: 105_000,
      not: RegExp(`${core}|${compat}|limiter/src/(http|concurrency)/`),
    },
    {
      code: `rateLimit from '@sluice/rate-limiter/express'`,
      bytes: 120_000,
      not: /koa|express-rate-limit|redis|near\/|concurrency\//,
    },
    {
      code: `createSessions from '@sluice/session-store'`,
      bytes: 96_000,
      not: RegExp(`${core}|${compat}|session-gate`),
    },
    {
      code: `session from '@sluice/session-store/express'`,
      bytes: 107_000,
      not: /koa|compat|express-session|redis|near\//,
    },
    {
      code: `createLocks from '@sluice/distributed-lock'`,
      bytes: 49_000,
      not: RegExp(`${core}|${memory}|${compat}|with-lock|fenced|run-coordinator`),
    },
    {
      code: `createGuard from '@sluice/stampede-guard'`,
      bytes: 45_000,
      not: RegExp(`${core}|${memory}|${compat}|/response/|distributed-lock`),
    },
    {
      code: `cacheResponse from '@sluice/stampede-guard/koa'`,
      bytes: 56_000,
      not: RegExp(`${memory}|express|create-guard|distributed-lock`),
    },
  ]

  it.each(expectations)('of $code holds what it uses, in $bytes bytes', async (expected) => {
    const { size, files } = await bundle(`export { ${expected.code.replace(' from', ' } from')}`)
    expect(files.filter((file) => expected.not.test(file))).toEqual([])
    expect(files.length).toBeGreaterThan(0)
    expect(size).toBeLessThan(expected.bytes)
  })
  it('of an import that nothing uses is empty, for every package', async () => {
    const imports = publishedManifests().map(({ name }) => `import '${String(name)}'\n`)
    expect(await bundle(imports.join(''))).toMatchObject({ files: [] })
  })
  it('of a name holds its code: the check can fail', async () => {
    const { files } = await bundle(`export { nearStore } from '@sluice/core/near'`)
    expect(files).toContain('packages/core/src/near/near-store.ts')
  })
})

describe('the published packages', () => {
  it('carry the license of the repository', () => {
    const license = readFileSync(join(repository, 'LICENSE'), 'utf8')
    for (const { at } of publishedManifests())
      expect(readFileSync(join(at, 'LICENSE'), 'utf8')).toBe(license)
  })
  it('have one version', () => {
    expect(new Set(publishedManifests().map(({ version }) => version)).size).toBe(1)
  })
  it.each(publishedManifests())('$name says where it comes from', (manifest) => {
    expect(manifest).toMatchObject({
      author: 'The Sluice authors',
      bugs: 'https://github.com/sluice/sluice/issues',
      homepage: expect.stringMatching(/^https:.*#readme$/),
      license: 'MIT',
      sideEffects: false,
    })
    expect(manifest['keywords']).toContain('redis')
  })
})

/** How large a bundle of this code is, minified, and the files that it holds code of, as paths in this repository. */
async function bundle(code: string): Promise<{ size: number; files: readonly string[] }> {
  const entry = join(repository, 'packages/testkit/test/bundled.ts')
  const build = await rolldown({
    input: entry,
    platform: 'node',
    logLevel: 'silent',
    external: /^(ioredis|msgpackr|express-session|koa-session)/,
    resolve: { conditionNames: ['@sluice/source', 'import', 'default', 'node'] },
    plugins: [
      {
        name: 'entry',
        resolveId: (id) => (id === entry ? entry : undefined),
        load: (id) => (id === entry ? code : undefined),
      },
    ],
  })
  const { output } = await build.generate({ format: 'esm', minify: true })
  await build.close()
  const [chunk] = output
  const files = Object.entries(chunk.modules)
    .filter(([id, { renderedLength }]) => renderedLength > 0 && id.startsWith(repository))
    .map(([id]) => id.slice(repository.length))
  return { size: chunk.code.length, files }
}

type Manifest = Record<string, unknown> & { at: string }

function publishedManifests(): readonly Manifest[] {
  return readdirSync(join(repository, 'packages'))
    .map((name) => join(repository, 'packages', name))
    .map((at): Manifest => ({ ...JSON.parse(readFileSync(join(at, 'package.json'), 'utf8')), at }))
    .filter((manifest) => manifest['private'] !== true)
}
