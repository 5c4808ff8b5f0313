import type { Store } from '../store.ts'

/** A store under test, with nothing of other tests in it. */
export interface StoreSubject {
  /** What is tested. The case closes it. */
  readonly store: Store
  /** Makes a key that no other test has. `name` may hold any character. */
  key(name: string): string
  /** Lets the store's clock pass: a manual clock is moved, a real one waited for. */
  pass(ms: number): Promise<void>
}

/** A promise of the port, and what shows that a store keeps it. */
export type PortCase = readonly [name: string, check: (subject: StoreSubject) => Promise<void>]
