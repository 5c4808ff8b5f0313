import { SluiceError } from '@sluice/core'

const misuse = new Set(['SLUICE_KEY', 'SLUICE_OPTION', 'SLUICE_VALUE', 'SLUICE_STORE_CLOSED'])

/** True when the store failed, which a guard outlives; false when the caller did something that cannot work. */
export function isStoreFailure(error: unknown): boolean {
  return !(error instanceof SluiceError && misuse.has(error.code))
}
