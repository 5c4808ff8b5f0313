import { redisAwaySuite } from './redis-away.ts'
import { fleetSuite } from './fleet.ts'
import { oneShopSuite } from './one-shop.ts'
import { openingSuite } from './opening.ts'

export { createClient, type Client, type Reply } from '../client.ts'
export { expressMain, openShop, type ShopProcess } from '../shop-process.ts'

/**
 * What every shop promises, whatever its framework.
 *
 * @param main path of the built file that runs it; its README stands beside the folder
 */
export function shopSuite(main: string): void {
  fleetSuite(main)
  oneShopSuite(main)
  redisAwaySuite(main)
  openingSuite(main)
}
