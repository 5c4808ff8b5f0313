/** For authors of packages on Sluice: operations, option checks and what the packages share. */
export { failureReporter, type AbsorbedFailure } from './channels.ts'
export { systemClock } from './clock.ts'
export { taggedJson, type Codec } from './codec.ts'
export { durationMs } from './duration.ts'
export { warn, withoutLink } from './error-page.ts'
export { escapeGlob } from './glob.ts'
export {
  defineOperation,
  lua,
  type Argument,
  type MemoryView,
  type Operation,
  type OperationDefinition,
  type Reply,
  type Scalar,
} from './operation.ts'
export {
  booleanOption,
  checkFunction,
  checkOptions,
  choiceOption,
  durationOption,
  integerOption,
  wrongOption,
} from './options.ts'
export { onAbort } from './on-abort.ts'
export type { Payload } from './payload.ts'
export { processCache, standInStore } from './process-cache.ts'
export { show } from './show.ts'
export type {
  ChannelListener,
  Replicas,
  RunOptions,
  StoreSetOptions,
  Subscription,
} from './store.ts'
export { timerMs } from './timer-ms.ts'
export { createTrace, type Trace } from './tracing.ts'
export { tracedKey } from './tracing-key.ts'
