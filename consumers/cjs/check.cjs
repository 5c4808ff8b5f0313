/* oxlint-disable typescript/no-require-imports -- a CommonJS module, which is the point */
const assert = require('node:assert/strict')
const { readFileSync } = require('node:fs')
const { join } = require('node:path')

const warnings = []
process.on('warning', (warning) => warnings.push(`${warning.name}: ${warning.message}`))

const modules = join(__dirname, 'node_modules')
const names = Object.keys(readManifest(__dirname).dependencies).filter((name) =>
  name.startsWith('@sluice/'),
)
assert.equal(names.length, 5)

function readManifest(folder) {
  return JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'))
}

async function main() {
  for (const name of names) {
    for (const subpath of Object.keys(readManifest(join(modules, name)).exports)) {
      const specifier = join(name, subpath)
      const required = require(specifier)
      assert.ok(Object.keys(required).length > 0, `${specifier} is empty`)
      if (subpath === './package.json') continue
      // One copy of each module, however it is reached: a cache from one is a cache to the other.
      assert.equal(Object.values(await import(specifier))[0], Object.values(required)[0], specifier)
    }
  }
  const { createCache } = require('@sluice/core')
  const { createRateLimiter } = require('@sluice/rate-limiter')
  const cache = createCache()
  const limiter = createRateLimiter({ cache, limit: 1, window: '1m' })
  assert.equal((await limiter.consume('ada')).allowed, true)
  assert.equal((await limiter.consume('ada')).allowed, false)
  await cache.close()
  // Warnings are told a turn later. Node 22.12, and no other that is supported, calls require() of an ES module experimental.
  await new Promise((resolve) => setImmediate(resolve))
  const expected = process.version.startsWith('v22.12.') ? 1 : 0
  assert.equal(warnings.length, expected, warnings.join('\n'))
}

void main()
