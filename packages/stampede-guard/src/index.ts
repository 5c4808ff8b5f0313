export { createGuard, type EntryOptions, type Guard, type Peek, type WrapOptions } from './guard.ts'
export type { LoadContext, Loader } from './loader.ts'
export type { GuardOptions } from './options.ts'
export type { GuardFields, GuardTraces, LoadFields } from './tracing.ts'
