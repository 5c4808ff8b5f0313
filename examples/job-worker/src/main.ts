import { connect } from './redis.ts'
import { readSettings } from './settings.ts'
import { endOnSignals } from './shutdown.ts'
import { createWarnings } from './warnings.ts'
import { startWorker } from './worker.ts'

async function main(): Promise<void> {
  const settings = readSettings(process.env)
  const warn = createWarnings()
  const connections = await connect(settings.redisUrl, warn)
  const worker = await startWorker(connections, settings, warn)
  endOnSignals(async (deadline) => {
    await worker.stop(deadline)
    await connections[Symbol.asyncDispose]()
  }, settings.shutdownMs)

  console.log(`Worker ${process.pid} takes orders. In another terminal:
  npm run add -w @sluice/example-job-worker -- 20    # adds 20 orders
  npm start -w @sluice/example-job-worker            # a second worker`)
}

main().catch((error: Error) => {
  console.error(`The worker cannot start: ${error.message}`)
  // What was opened would keep the process alive.
  process.exit(1)
})
