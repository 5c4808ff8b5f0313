import { ask } from './ask.js'
import { report } from './log.js'
import { sleep } from './page.js'

/** Asks for an order until it is shipped; answers with it, or with undefined when it could not be followed. */
export async function followOrder(id) {
  for (let tries = 0; tries < 8; tries++) {
    await sleep(500)
    const reply = await ask(`/api/orders/${id}`)
    const { status, shipments, shippedBy } = reply.body
    if (reply.ok && status !== 'shipped') continue
    const title = shipments === 1 ? 'Shipped once' : `Shipped ${shipments} times`
    const detail = `by process ${shippedBy}, under the order's lock`
    return report(reply, { title, part: 'distributed-lock', detail }) ? reply.body : undefined
  }
  return undefined
}
