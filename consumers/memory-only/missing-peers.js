// A subpath whose peer is not installed says which one is missing; the others do without.
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'

const peers = {
  '@sluice/core/redis': 'ioredis',
  '@sluice/core/msgpack': 'msgpackr',
  '@sluice/session-store/express-session': 'express-session',
}
for (const [subpath, peer] of Object.entries(peers)) {
  const imported = await import(subpath).then(
    () => assert.fail(`${subpath} was imported without ${peer}`),
    (error) => error,
  )
  assert.equal(imported.code, 'ERR_MODULE_NOT_FOUND')
  assert.match(imported.message, new RegExp(`package '${peer}'`))
}

const frameworks = ['express', 'koa']
const packages = ['core', 'rate-limiter', 'session-store', 'distributed-lock', 'stampede-guard']
for (const name of packages) {
  for (const framework of frameworks) await import(`@sluice/${name}/${framework}`)
}
await import('@sluice/rate-limiter/express-rate-limit')
await import('@sluice/session-store/koa-session')
for (const subpath of ['memory', 'near', 'http', 'codecs', 'extend', 'testing']) {
  await import(`@sluice/core/${subpath}`)
}

const inspect = spawnSync(process.execPath, ['node_modules/.bin/sluice', 'inspect'], {
  env: { ...process.env, REDIS_URL: 'redis://127.0.0.1:1' },
  encoding: 'utf8',
})
assert.equal(inspect.status, 2)
assert.match(inspect.stderr, /ioredis/)
