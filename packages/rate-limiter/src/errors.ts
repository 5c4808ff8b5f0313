import { SluiceError, StoreUnavailableError, StoreFullError, OperationError } from '@sluice/core'

/**
 * The client's address is missing or is none, so requests cannot be told apart by it. Without an address it is a matter
 * of the set-up (500); an address that cannot be read came from a proxy's header (400).
 */
export class ClientAddressError extends SluiceError {
  constructor(message: string, status?: number) {
    super('SLUICE_CLIENT_ADDRESS', message, status === undefined ? {} : { status })
  }
}

/** More callers wait for one key than the limiter takes (503). None of them was forgotten; this one was not let in. */
export class QueueFullError extends SluiceError {
  constructor(most: number) {
    super(
      'SLUICE_QUEUE_FULL',
      `${most} callers wait for this key already, which is "maxWaiting".`,
      {
        status: 503,
      },
    )
  }
}

/** True for what `onStoreError` decides: the store could not answer. Bad input and a closed store are not that. */
export function isStoreFailure(error: unknown): boolean {
  return (
    error instanceof StoreUnavailableError ||
    error instanceof StoreFullError ||
    error instanceof OperationError
  )
}
