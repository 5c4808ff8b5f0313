import { Queue } from 'bullmq'
import { connect } from './redis.ts'
import { readRedisUrl } from './settings.ts'
import { queueName, type Order } from './shipping.ts'
import { createWarnings } from './warnings.ts'

/** Adds orders, as many as the argument says. Every fifth is told twice, as an impatient customer does. */
async function main([argument = '10']: readonly string[]): Promise<void> {
  const count = Number(argument)
  if (!Number.isInteger(count) || count < 1 || count > 10_000) {
    throw new Error(`Expected a number of orders from 1 to 10000; got "${argument}".`)
  }
  await using connections = await connect(readRedisUrl(process.env), createWarnings())
  const queue = new Queue<Order>(queueName, { connection: connections.client })
  const run = Date.now().toString(36)
  const orders = Array.from({ length: count }, (_, at) => ({ orderId: `${run}-${at + 1}` }))
  const told = orders.flatMap((order, at) => (at % 5 === 0 ? [order, order] : [order]))
  // BullMQ would drop the second one if `jobId` were the order's. Not every sender is that careful.
  await queue.addBulk(told.map((data) => ({ name: 'ship', data, opts: jobOptions })))
  await queue.close()
  console.log(`Added ${count} orders, ${told.length - count} of them twice`)
}

/** A job that fails by itself is tried five times; what is done is kept for a look at it, and not for ever. */
const jobOptions = {
  attempts: 5,
  backoff: { type: 'exponential', delay: 1000 },
  removeOnComplete: { count: 1000 },
  removeOnFail: { count: 1000 },
}

main(process.argv.slice(2)).catch((error: Error) => {
  console.error(`The orders cannot be added: ${error.message}`)
  process.exitCode = 1
})
