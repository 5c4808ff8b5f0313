import { setTimeout as sleep } from 'node:timers/promises'
import type { Store } from '@sluice/core'
import type { StoreSubject } from '@sluice/core/testing'
import { uniquePrefix } from '@sluice/testkit'

/** A subject on a server that other tests share; its entries are deleted when its store closes. */
export function realSubject(store: Store): StoreSubject {
  const prefix = uniquePrefix('contract')
  let closing: Promise<void> | undefined
  const clean = async (): Promise<void> => {
    for await (const { keys } of store.scan(`${prefix}:*`)) await store.delete(keys)
    await store.close()
  }
  return {
    store: { ...store, close: () => (closing ??= clean()) },
    key: (name) => `${prefix}:${name}`,
    pass: (ms) => sleep(ms),
  }
}
