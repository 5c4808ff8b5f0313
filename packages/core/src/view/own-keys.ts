import { withoutLink } from '../error-page.ts'
import { StoreUnavailableError } from '../errors.ts'

/** An error that names keys of the store, with the keys as the caller of a view wrote them: without `base`. */
export async function withOwnKeys<Value>(base: string, call: Promise<Value>): Promise<Value> {
  try {
    return await call
  } catch (error) {
    if (!(error instanceof StoreUnavailableError) || error.keys === undefined) throw error
    const keys = error.keys.map((key) => key.slice(base.length))
    const { reason, cause, mayHaveApplied } = error
    const details = { cause, keys, mayHaveApplied }
    throw new StoreUnavailableError(reason, withoutLink(error.message), details)
  }
}
