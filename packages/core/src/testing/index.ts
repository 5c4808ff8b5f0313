/** For tests of applications and of stores. */
export { manualClock, type ManualClock } from './manual-clock.ts'
export { storeContract, type ContractCase, type StoreSubject } from './store-contract.ts'
