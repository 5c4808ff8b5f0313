import { wrongOption } from '@sluice/core/extend'
import type { CallOptions } from './guard.ts'
import type { Loader } from './loader.ts'
import { policyOf, type Policy } from './policy.ts'

/** A request that was checked. */
export interface Wish {
  readonly key: string
  readonly load: Loader<unknown>
  readonly policy: Policy
  readonly signal: AbortSignal | undefined
}

/** The policy of one call. @throws OptionError for an option that is unknown or wrong */
export function callPolicy(owner: string, policy: Policy, given: CallOptions | undefined): Policy {
  if (given === undefined) return policy
  if (given.signal !== undefined && !(given.signal instanceof AbortSignal)) {
    throw wrongOption('signal', 'an AbortSignal', given.signal)
  }
  return policyOf(owner, policy, given, ['signal'])
}

/** @throws OptionError for what is no function */
export function checkLoader(given: unknown, name: string): void {
  if (typeof given !== 'function') throw wrongOption(name, 'a function that loads the value', given)
}
