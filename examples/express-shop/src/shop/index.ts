/** The shop without a framework: what the Express and the Koa application have in common. */
export { addToCart, showCart, type Cart } from './cart.ts'
export {
  listCaching,
  listTag,
  type Catalogue,
  type FoundProduct,
  type Product,
} from './catalogue.ts'
export { checkOut, checkoutLock, type PlacedOrder } from './checkout.ts'
export { listDevices, type ShownDevice } from './devices.ts'
export { describeError, type DescribedError } from './describe-error.ts'
export { readOrderId, readProductId, readUserName } from './input.ts'
export type { Order, Orders } from './orders.ts'
export { pages } from './pages.ts'
export { RequestError } from './request-error.ts'
export { runShop } from './run-shop.ts'
export { startServer, type RunningServer } from './server.ts'
export { readSettings, type Settings } from './settings.ts'
export { createShop, type Shop, type ShopOptions } from './shop.ts'
export { tierOf, type Tier } from './tiers.ts'
