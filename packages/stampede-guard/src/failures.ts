import { SluiceError } from '@sluice/core'
import { failureReporter } from '@sluice/core/extend'

/** Reports what the guard absorbs, on the channel `sluice:stampede-guard:failure`. */
export const reportFailure: ReturnType<typeof failureReporter> = failureReporter('stampede-guard')

const misuse = new Set(['SLUICE_KEY', 'SLUICE_OPTION', 'SLUICE_VALUE', 'SLUICE_STORE_CLOSED'])

/** True when something failed that a guard outlives; false when the caller did something that cannot work. */
export function isFailure(error: unknown): boolean {
  return !(error instanceof SluiceError && misuse.has(error.code))
}

/** What the store answers, or `undefined` when it fails: that is reported, and the value is returned all the same. */
export async function absorbed<Result>(
  verb: 'get' | 'set',
  asked: Promise<Result>,
): Promise<Result | undefined> {
  try {
    return await asked
  } catch (error) {
    if (verb === 'get' && !isFailure(error)) throw error
    reportFailure({ verb, instead: verb === 'get' ? 'load' : 'return', error })
    return undefined
  }
}
