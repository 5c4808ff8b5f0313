import { showUser } from './account.js'
import { ask } from './ask.js'
import { report } from './log.js'
import { followOrder } from './orders.js'
import { byId, count, element, price } from './page.js'
import { productOf } from './products.js'

let items = []

/** What is in the cart, by ids. */
export function cartItems() {
  return items
}

/** Asks for the cart and its owner, and shows them. */
export async function loadCart() {
  const reply = await ask('/api/cart')
  if (reply.ok) await show(reply.body)
  return reply
}

/** Puts a product in the cart. */
export async function addToCart(id) {
  const reply = await ask('/api/cart', { method: 'POST', body: { product: id } })
  const said = { title: `${productOf(id).name} is in the cart`, part: 'session-store' }
  if (report(reply, { ...said, detail: 'saved in the session' })) await show(reply.body)
}

/** Pays, which takes half a second, and follows the order until it is shipped. */
export async function checkOut() {
  const reply = await ask('/api/checkout', { method: 'POST' })
  const { order } = reply.body
  const title = `Paid for ${count(order?.items.length ?? 0, 'item')}`
  const detail = 'one checkout of a cart at a time'
  if (!report(reply, { title, part: 'distributed-lock', detail })) return
  await loadCart()
  await followOrder(order.id)
}

/** Shows the cart as it is without a session: empty. */
export function emptyCart() {
  showItems([])
}

/** Shows the cart again, as when the products got their names. */
export function refreshCart() {
  showItems(items)
}

async function show({ user, cart }) {
  showItems(cart)
  await showUser(user)
}

function showItems(ids) {
  items = ids
  const lines = [...new Set(ids)].map((id) => lineOf(id, ids.filter((each) => each === id).length))
  const nothing = element('li', 'quiet', 'Nothing in it yet.')
  byId('cart-items').replaceChildren(...(lines.length === 0 ? [nothing] : lines))
  byId('cart-count').textContent = String(ids.length)
  const cents = ids.reduce((sum, id) => sum + productOf(id).priceCents, 0)
  byId('cart-total').textContent = price(cents)
}

function lineOf(id, times) {
  const { name, priceCents } = productOf(id)
  return element(
    'li',
    '',
    element('span', 'grow', name),
    element('span', 'quiet', `${times} ×`),
    element('span', 'sum', price(times * priceCents)),
  )
}
