import { ask } from './ask.js'
import { cartItems, loadCart } from './cart.js'
import { report, tell } from './log.js'
import { followOrder } from './orders.js'
import { byId, clock, count } from './page.js'

const post = (path, body) => ask(path, { method: 'POST', body })
const times = (number, send) => Promise.all(Array.from({ length: number }, send))
const since = (started) => Math.round(performance.now() - started)

function result(id, text) {
  byId(id).textContent = text
  byId(id).classList.add('done')
}

/** 50 requests for a product that is not cached: how often its source ran. */
export async function sendCrowd() {
  const forgotten = await ask('/api/admin/products/cup', { method: 'DELETE' })
  const before = await ask('/api/admin/stats')
  const started = performance.now()
  const replies = await times(50, () => ask('/products/cup'))
  const tookMs = since(started)
  const after = await ask('/api/admin/stats')
  const failed = [forgotten, before, after, ...replies].find(({ ok }) => !ok)
  if (failed !== undefined) return report(failed, {})
  const loads = count(after.body.sourceLoads - before.body.sourceLoads, 'load')
  result('crowd-result', `50 answers, ${loads} of the source`)
  const detail = `${loads} of the source, the others waited for it`
  tell({ title: '50 requests for a cold product', part: 'stampede-guard', detail, tookMs })
}

/** 120 requests where a minute allows 100. */
export async function sendBurst() {
  const started = performance.now()
  const replies = await times(120, () => ask('/api/cart'))
  const tookMs = since(started)
  const refused = replies.filter(({ status }) => status === 429)
  const failed = replies.find(({ ok, status }) => !ok && status !== 429)
  if (failed !== undefined) return report(failed, {})
  const admitted = replies.length - refused.length
  const until = refused.at(-1)?.until
  const when = until === undefined ? '' : `, refused until ${clock(until)}`
  result('burst-result', `${admitted} admitted, ${refused.length} refused`)
  tell({
    title: `120 requests at once, ${refused.length} refused`,
    part: 'rate-limiter',
    detail: `${admitted} admitted${when}`,
    tookMs,
    until,
    tone: refused.length === 0 ? 'good' : 'held',
  })
}

/** The same order sent twice at once: how often it was shipped. */
export async function orderTwice() {
  const id = `order-${Date.now()}`
  const replies = await times(2, () => post('/api/orders', { id }))
  const failed = replies.find(({ ok }) => !ok)
  const said = { title: 'An order, sent twice', part: 'distributed-lock', detail: 'both accepted' }
  if (!report(failed ?? replies[0], said)) return
  const order = await followOrder(id)
  if (order === undefined) return
  const shipped = order.shipments === 1 ? 'once' : `${order.shipments} times`
  result('order-result', `Told twice, shipped ${shipped}`)
}

/** Two checkouts of one cart at once: one is paid, one is refused. */
export async function checkOutTwice() {
  if (cartItems().length === 0) {
    const filled = await post('/api/cart', { product: 'tea' })
    if (!filled.ok) return report(filled, {})
  }
  const replies = await times(2, () => post('/api/checkout'))
  const paid = replies.find(({ ok }) => ok)
  const refused = replies.filter(({ ok }) => !ok)
  if (paid === undefined) return report(refused[0], {})
  const said = { title: 'Paid once', part: 'distributed-lock', detail: '201, the lock was free' }
  report(paid, said)
  for (const reply of refused) report(reply, {})
  const statuses = replies.map(({ status }) => status).sort((a, b) => a - b)
  result('checkout-result', `Answered ${statuses.join(' and ')}`)
  await loadCart()
  await followOrder(paid.body.order.id)
}
