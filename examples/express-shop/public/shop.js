import { lookForDevices, signIn, signOut, signOutEverywhere } from './account.js'
import { addToCart, checkOut, emptyCart, loadCart, refreshCart } from './cart.js'
import { checkOutTwice, orderTwice, sendBurst, sendCrowd } from './experiments.js'
import { watchHealth } from './health.js'
import { watchMinute } from './minute.js'
import { isStocked, loadList, loadListCold, lookAt } from './products.js'

const actions = {
  add: ({ id }) => addToCart(id),
  look: ({ id }) => lookAt(id),
  list: loadList,
  'list-cold': loadListCold,
  'sign-in': signIn,
  'sign-out': signOut,
  'sign-out-everywhere': signOutEverywhere,
  devices: lookForDevices,
  checkout: checkOut,
  crowd: sendCrowd,
  burst: sendBurst,
  'order-twice': orderTwice,
  'checkout-twice': checkOutTwice,
}

/** Runs what a button or form is for. Until that is done a second press does nothing, except for one more in the cart. */
async function run(control, input) {
  const name = control.dataset.do
  if (control.ariaBusy === 'true') return
  if (name !== 'add') control.ariaBusy = 'true'
  await actions[name](input).finally(() => (control.ariaBusy = null))
}

document.addEventListener('click', ({ target }) => {
  const button = target.closest('button[data-do]')
  if (button !== null) void run(button, button.dataset)
})
document.addEventListener('submit', (event) => {
  event.preventDefault()
  void run(event.target, Object.fromEntries(new FormData(event.target)))
})
document.addEventListener('left', emptyCart)

/** What the page shows without being asked; again when the shop was away. */
async function open() {
  await Promise.all([isStocked() ? undefined : loadList(), loadCart()])
  refreshCart()
}

watchMinute()
emptyCart()
void watchHealth(open)
await open()
