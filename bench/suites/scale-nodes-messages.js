import { Redis } from 'ioredis'

export const title =
  'What a message costs Redis for each connection that listens, by its own processor time'
export const unit = 'ns a message'
export const floor = '20 listeners'
export const note =
  'Forty bytes, published a hundred at a time. What else the processors do is not in it.'

const url = process.env.BENCH_REDIS_URL
const inAll = 200_000
const together = 100

async function contender(listeners) {
  const redis = new Redis(url)
  const all = Array.from({ length: listeners }, () => new Redis(url))
  const hearing = createHearing()
  for (const one of all) {
    await one.subscribe('news')
    one.on('message', hearing.heard)
  }
  const publish = async () => {
    const isHeard = hearing.expect(listeners * together)
    const sent = Array.from({ length: together }, () => redis.publish('news', 'm'.repeat(40)))
    await Promise.all([...sent, isHeard])
  }
  return { redis, listeners, publish }
}

/** Counts messages until so many have come as were expected. */
function createHearing() {
  let left = 0
  let done
  return {
    heard: () => --left === 0 && done(),
    expect(count) {
      left = count
      return new Promise((resolve) => (done = resolve))
    },
  }
}

export async function measure({ redis, listeners, publish }) {
  await publish()
  const rounds = inAll / listeners / together
  const before = await processorSeconds(redis)
  for (let round = 0; round < rounds; round++) await publish()
  return { value: ((await processorSeconds(redis)) - before) * (1e9 / inAll) }
}

async function processorSeconds(redis) {
  const told = await redis.info('cpu')
  const of = (name) => Number(new RegExp(`^${name}:([\\d.]+)`, 'm').exec(told)[1])
  return of('used_cpu_sys') + of('used_cpu_user')
}

export const contenders = {
  '20 listeners': () => contender(20),
  '200 listeners': () => contender(200),
}
