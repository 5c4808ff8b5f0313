import { failureReporter } from '@sluice/core/extend'

/** Reports what the response cache absorbs, on the channel `sluice:stampede-guard:failure`. */
export const reportFailure: ReturnType<typeof failureReporter> = failureReporter('stampede-guard')
