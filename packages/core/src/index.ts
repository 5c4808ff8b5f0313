export type {
  Cache,
  CounterOptions,
  NamespaceOptions,
  RootCache,
  SetOptions,
  SwapOptions,
} from './cache.ts'
export { createCache, type CacheOptions } from './create-cache.ts'
export type { ScanOptions, ScanProgress } from './key-walk.ts'
export type { CacheStats } from './stats.ts'
export type { Clock } from './clock.ts'
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
export type { Store } from './store.ts'
