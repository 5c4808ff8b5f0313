const log = document.querySelector('#log')

/** Sends a request, and tells what came back and what its headers say of the limit. */
async function ask(path, { method = 'GET', body } = {}) {
  const started = performance.now()
  const response = await fetch(path, {
    method,
    headers: body === undefined ? {} : { 'Content-Type': 'application/json' },
    body: body === undefined ? undefined : JSON.stringify(body),
  })
  const answer = response.status === 204 ? {} : await response.json()
  const left = response.headers.get('X-RateLimit-Remaining')
  return {
    ok: response.ok,
    status: response.status,
    answer,
    tookMs: Math.round(performance.now() - started),
    left: left === null ? '' : `, ${left} requests left this minute`,
    retryAfter: response.headers.get('Retry-After'),
  }
}

function tell(text, detail, ok = true) {
  const item = document.createElement('li')
  item.className = ok ? '' : 'bad'
  const title = document.createElement('strong')
  title.textContent = text
  const code = document.createElement('code')
  code.textContent = detail
  item.append(title, code)
  log.prepend(item)
  while (log.children.length > 30) log.lastChild.remove()
}

async function show(text, path, options) {
  const result = await ask(path, options)
  const wait = result.retryAfter === null ? '' : `, try again in ${result.retryAfter} s`
  tell(
    `${text}: ${result.ok ? 'done' : `refused (${result.status})`} in ${result.tookMs} ms${result.left}${wait}`,
    JSON.stringify(result.answer),
    result.ok,
  )
  return result
}

async function product({ id }) {
  const { ok, answer } = await ask(`/products/${id}`)
  if (!ok) return tell('The product could not be shown', JSON.stringify(answer), false)
  tell(
    `${answer.product.name}: cache ${answer.cache}, ${answer.tookMs} ms`,
    JSON.stringify(answer.product),
  )
}

async function storm() {
  await ask('/api/admin/products/cup', { method: 'DELETE' })
  const before = (await ask('/api/admin/stats')).answer.sourceLoads
  const started = performance.now()
  await Promise.all(Array.from({ length: 50 }, () => ask('/products/cup')))
  const { sourceLoads } = (await ask('/api/admin/stats')).answer
  const tookMs = Math.round(performance.now() - started)
  tell(`50 requests in ${tookMs} ms: ${sourceLoads - before} load of the slow source`, 'cup')
}

async function hammer() {
  const results = await Promise.all(Array.from({ length: 120 }, () => ask('/api/cart')))
  const refused = results.filter(({ status }) => status === 429)
  const wait = refused.length === 0 ? '' : `; try again in ${refused[0].retryAfter} s`
  tell(
    `120 requests: ${results.length - refused.length} admitted, ${refused.length} refused${wait}`,
    JSON.stringify(refused[0]?.answer ?? {}),
    refused.length === 0,
  )
}

async function order() {
  const id = `order-${Date.now()}`
  const options = { method: 'POST', body: { id } }
  await Promise.all([
    show('Order', '/api/orders', options),
    show('The same order', '/api/orders', options),
  ])
  for (let tries = 0; tries < 20; tries++) {
    await new Promise((resolve) => setTimeout(resolve, 200))
    const { ok, answer } = await ask(`/api/orders/${id}`)
    if (!ok) return tell('The order could not be followed', JSON.stringify(answer), false)
    const holder = answer.lock.held
      ? `held by ${answer.lock.owner}, fence ${answer.lock.fence}`
      : 'free'
    tell(`Order ${answer.status}, shipped ${answer.shipments} times; its lock is ${holder}`, id)
    if (answer.status === 'shipped') return
  }
}

const post = (path, text) => () => show(text, path, { method: 'POST' })
const actions = {
  product,
  storm,
  hammer,
  order,
  forget: ({ id }) => show('Forget', `/api/admin/products/${id}`, { method: 'DELETE' }),
  'sign-in': ({ name }) => show('Sign in', '/api/auth/sign-in', { method: 'POST', body: { name } }),
  'sign-out': post('/api/auth/sign-out', 'Sign out'),
  'sign-out-everywhere': post('/api/auth/sign-out-everywhere', 'Sign out everywhere'),
  'cart-add': ({ id }) => show('Cart', '/api/cart', { method: 'POST', body: { product: id } }),
  cart: () => show('Cart', '/api/cart'),
  devices: () => show('Devices', '/api/devices'),
}

async function run(name, input) {
  try {
    await actions[name](input)
  } catch (error) {
    tell('The shop did not answer', String(error), false)
  }
}

document.addEventListener('click', (event) => {
  const button = event.target.closest('button[data-do]')
  if (button !== null) void run(button.dataset.do, button.dataset)
})
document.addEventListener('submit', (event) => {
  event.preventDefault()
  void run(event.target.dataset.do, Object.fromEntries(new FormData(event.target)))
})

const { ok, answer } = await ask('/health')
document.querySelector('#where').textContent = ok
  ? `Running on the ${answer.store} store.`
  : 'The store does not answer; see what still works.'
