import { Redis } from 'ioredis'
import { commandsSent } from '../harness/commands-sent.js'
import { costs } from '../harness/nodes-costs.js'
import { bytesOfKeys } from '../harness/redis-bytes.js'

export const title = 'What one of a kind takes in Redis, and how many commands its use sends'
export const unit = 'bytes and commands'
export const counted = true
export const columns = { bytes: 'bytes', commands: 'commands' }
export const note =
  'Bytes of one of a hundred, its key of about 20 characters and what belongs to it included. Uses come one after the other: a script is one command, and each command is one round trip.'

const names = Array.from({ length: 100 }, (_, at) => `customer:${1_000_000 + at}`)

async function bytesOf(put) {
  const redis = new Redis(process.env.BENCH_REDIS_URL)
  for (const name of names) await put(name)
  const bytes = await bytesOfKeys(redis)
  await redis.flushall()
  redis.disconnect()
  return bytes / names.length
}

async function commandsOf({ prepare = async () => {}, use, settle = async () => {} }) {
  // Connections are open, and scripts are known, before it is counted.
  await prepare('warm')
  await use('warm')
  for (const name of names) await prepare(name)
  const sent = await commandsSent(async () => {
    for (const name of names) await use(name)
    await settle()
  })
  return sent / names.length
}

export async function measure(cost) {
  const measured = {}
  if (cost.put !== undefined) measured.bytes = await bytesOf(cost.put)
  if (cost.use !== undefined) measured.commands = await commandsOf(cost)
  return { columns: measured }
}

export const contenders = Object.fromEntries(
  Object.entries(costs).map(([name, open]) => [name, async () => open()]),
)
