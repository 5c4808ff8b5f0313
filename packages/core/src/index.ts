export {
  createCache,
  type Cache,
  type CacheOptions,
  type CounterOptions,
  type RootCache,
} from './cache.ts'
export type { Clock } from './clock.ts'
export type { Duration, DurationText } from './duration.ts'
export {
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
