export { nearStore } from './near-store.ts'
export type { NearStore, NearStats } from './near-store.ts'
export type { NearStoreOptions } from './options.ts'
