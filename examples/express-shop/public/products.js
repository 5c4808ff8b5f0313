import { ask } from './ask.js'
import { report } from './log.js'
import { byId, copyOf, price } from './page.js'

const known = new Map()

/** The product of an id; one that is not known has its id for a name. */
export function productOf(id) {
  return known.get(id) ?? { id, name: id, priceCents: 0 }
}

/** Whether the shelf has something on it. */
export function isStocked() {
  return known.size > 0
}

/** Asks for the list: from the response cache, or from the handler behind it. */
export async function loadList() {
  const reply = await ask('/products')
  const isHit = /;\s*hit/.test(reply.cacheStatus)
  const from = isHit
    ? `From the cache, ${reply.ageSeconds} s old`
    : 'From the source, and kept for a minute'
  const title = 'The list of products'
  const detail = isHit ? `cache hit, ${reply.ageSeconds} s old` : 'cache miss, the source ran'
  if (!report(reply, { title, part: 'stampede-guard', detail })) return
  byId('list-told').textContent = `${from}: ${reply.tookMs} ms.`
  stock(reply.body.products)
}

/** Forgets the cached list first, as after a change of price. */
export async function loadListCold() {
  const forgotten = await ask('/api/admin/products', { method: 'DELETE' })
  const said = { title: 'The list is forgotten', part: 'stampede-guard', detail: 'by its tag' }
  if (report(forgotten, said)) await loadList()
}

/** Asks for one product, behind the guard. */
export async function lookAt(id) {
  const reply = await ask(`/products/${id}`)
  const { product, cache, tookMs } = reply.body
  const detail = `cache ${cache}, ${tookMs} ms on the server`
  if (!report(reply, { title: `A closer look: ${product?.name}`, part: 'stampede-guard', detail }))
    return
  cardOf(id).querySelector('.seen').textContent = `Cache ${cache}, ${tookMs} ms`
}

function cardOf(id) {
  return byId('products').querySelector(`[data-id="${CSS.escape(id)}"]`)
}

/** Cards stay while their product does, and with them the focus. */
function stock(products) {
  known.clear()
  const cards = products.map((product) => {
    known.set(product.id, product)
    return labelled(cardOf(product.id) ?? newCard(product.id), product)
  })
  const shelf = byId('products')
  const isSame = cards.every((card, at) => card === shelf.children[at])
  if (!isSame || cards.length !== shelf.children.length) shelf.replaceChildren(...cards)
  shelf.ariaBusy = null
}

function newCard(id) {
  const card = copyOf('product-card')
  const art = copyOf(`art-${id}`)
  if (art !== undefined) card.querySelector('.art').append(art)
  card.dataset.id = id
  return card
}

function labelled(card, { id, name, priceCents }) {
  card.querySelector('h3').textContent = name
  card.querySelector('.price').textContent = price(priceCents)
  for (const button of card.querySelectorAll('button')) {
    button.dataset.id = id
    // What is seen comes first, so that it can be said to a voice control.
    button.ariaLabel = `${button.textContent}: ${name}`
  }
  return card
}
