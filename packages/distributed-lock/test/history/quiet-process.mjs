// Run by budget-left.redis.test.ts on the built package: says what would keep a process alive before it has waited for
// locks, and when it listens to no messages any more.
import { setImmediate, setTimeout as sleep } from 'node:timers/promises'
import { createCache } from '@sluice/core'
import { redisStore } from '@sluice/core/redis'
import { createLocks } from '@sluice/distributed-lock'
import { Redis } from 'ioredis'

const [, , url] = process.argv
const locks = createLocks({ cache: createCache({ store: redisStore({ url }), prefix: 'quiet' }) })
const admin = new Redis(url)
const kept = async () => {
  await setImmediate()
  return process.getActiveResourcesInfo().toSorted()
}
const isListening = async () => (await admin.client('LIST', 'TYPE', 'pubsub')).includes('addr=')

await locks.run('a', () => admin.ping())
const before = await kept()
await Promise.all(Array.from({ length: 10 }, () => locks.run('a', () => admin.ping())))
const listened = await isListening()
while (await isListening()) await sleep(100)
// Redis counts the connection out before this process has heard it close.
let after = await kept()
for (let tries = 0; after.length > before.length && tries < 20; tries++) {
  await sleep(50)
  after = await kept()
}
process.stdout.write(JSON.stringify({ before, listened, after }))
process.exit()
