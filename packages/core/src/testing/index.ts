/** For tests of applications and of stores. */
export { flakyStore } from './flaky-store.ts'
export {
  manualFaults,
  type FailOptions,
  type Fault,
  type FaultOptions,
  type ManualFaults,
} from './manual-faults.ts'
export { manualClock, type ManualClock } from './manual-clock.ts'
export type { StoreSubject } from './contract-subject.ts'
export { storeContract, type ContractCase } from './store-contract.ts'
