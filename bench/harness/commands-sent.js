import { randomUUID } from 'node:crypto'
import { Redis } from 'ioredis'

/**
 * How many commands clients send to the bench's Redis while `work` runs, whichever clients they are. A script is one command,
 * whatever it calls; that a connection asks now and then whether the server is there is no part of the work.
 */
export async function commandsSent(work) {
  const redis = new Redis(process.env.BENCH_REDIS_URL)
  const monitor = await redis.duplicate().monitor()
  const end = randomUUID()
  let sent = 0
  const ended = new Promise((resolve) => {
    monitor.on('monitor', (_time, [name, first], source) => {
      if (first === end) resolve()
      else if (source !== 'lua' && name.toLowerCase() !== 'ping') sent++
    })
  })
  await work()
  await redis.echo(end)
  await ended
  monitor.disconnect()
  redis.disconnect()
  return sent
}
