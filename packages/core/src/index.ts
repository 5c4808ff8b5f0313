export type {
  Cache,
  CounterOptions,
  NamespaceOptions,
  RootCache,
  SetOptions,
  SwapOptions,
} from './cache.ts'
export { createCache, type CacheOptions } from './create-cache.ts'
export {
  findKeysWithoutTtl,
  type KeysWithoutTtlOptions,
  type KeysWithoutTtlProgress,
} from './find-keys-without-ttl.ts'
export type { ScanOptions, ScanProgress } from './key-walk.ts'
export type { CacheStats } from './stats.ts'
export type { AbsorbedFailure } from './channels.ts'
export type { Clock } from './clock.ts'
export type { Codec } from './codec.ts'
export type { Duration, DurationText } from './duration.ts'
export {
  ConflictError,
  CounterError,
  KeyError,
  OperationError,
  OptionError,
  SluiceError,
  StoreClosedError,
  StoreFullError,
  StoreUnavailableError,
  TenantError,
  ValueError,
  type CoreErrorCode,
  type SluiceErrorOptions,
  type UnavailableReason,
} from './errors.ts'
export type { Payload } from './payload.ts'
export type { Store } from './store.ts'
export type { ValueSharing } from './view/values.ts'
export { traceNames, type TraceMessage, type TraceOutcome } from './tracing.ts'
export type { TracedKey } from './tracing-key.ts'
export type { BatchFields, CacheFields, CoreTraces, EntryFields, Lookup } from './tracing-verbs.ts'
