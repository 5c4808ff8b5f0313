import { channel } from 'node:diagnostics_channel'
import { debuglog } from 'node:util'

const debug = debuglog('sluice')

/** A failure that a package absorbed by its policy instead of passing it on. */
export interface AbsorbedFailure {
  /** What was being done: `'consume'`. */
  readonly verb: string
  /** What the policy did instead: `'local'`, `'stale'`. */
  readonly instead: string
  /** What was thrown, as it was. */
  readonly error: unknown
}

/**
 * Makes failures visible that a policy absorbs: they go to the diagnostics channel `sluice:<package>:failure` and, with
 * `NODE_DEBUG=sluice`, to stderr.
 *
 * @param area the package's short name: `'rate-limiter'`
 */
export function failureReporter(area: string): (failure: AbsorbedFailure) => void {
  const failures = channel(`sluice:${area}:failure`)
  return (failure) => {
    if (failures.hasSubscribers) failures.publish(failure)
    if (debug.enabled)
      debug('%s %s failed, %s instead: %s', area, failure.verb, failure.instead, failure.error)
  }
}
